/** The index of a large archive, in a worker thread. Bundled into a text, from which the page makes the thread. */
import { localIndex, type Shape } from "../kit/index.ts"

/** A question of the page, with the number of its answer. */
export type Question =
  | { readonly id: number; readonly kind: "open"; readonly shape: Shape }
  | { readonly id: number; readonly kind: "add"; readonly bytes: Uint8Array<ArrayBuffer>; readonly rows: number }
  | { readonly id: number; readonly kind: "vectors"; readonly images: ReadonlyArray<number> }
  | { readonly id: number; readonly kind: "cosines"; readonly query: Float64Array }

export interface Answer {
  readonly id: number
  readonly value?: unknown
  readonly fault?: string
}

let index = localIndex({ count: 0, dim: 0, coding: "int8" })

const answer = (question: Question): Promise<unknown> => {
  if (question.kind === "add") return index.add(question.bytes, question.rows)
  if (question.kind === "vectors") return index.vectors(question.images)
  if (question.kind === "cosines") return index.cosines(question.query)
  index = localIndex(question.shape)
  return Promise.resolve()
}

self.onmessage = ({ data }: MessageEvent<Question>) => {
  const reply = (more: Omit<Answer, "id">) => self.postMessage({ id: data.id, ...more } satisfies Answer)
  answer(data).then(
    (value) => reply({ value }),
    (fault: Error) => reply({ fault: fault.message })
  )
}
