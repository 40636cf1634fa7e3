/** Files that embeddings are written to, batch by batch. */
import type { Embeddings } from "../../../elements.ts"

/** A file that is being written. Methods throw errors of the file system. */
export interface Form {
  readonly path: string
  readonly append: (batch: Embeddings) => void
  /** Completes the file under its temporary name. */
  readonly complete: () => void
  /** Gives it its name; an earlier file of that name is replaced. */
  readonly rename: () => void
  /** Removes what is unfinished; does nothing after `rename`. */
  readonly abandon: () => void
}

/** The bytes of numbers, without a copy. */
export const rawOf = (data: ArrayBufferView): Uint8Array =>
  new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
