/** Encodes batches of images in a worker thread. Does not import Effect. */
import type { Work } from "../workers/thread.ts"
import type { Encoder } from "./encoder.ts"
import { feedOf, type Images } from "./feed.ts"
import { vectorsOf } from "./pool.ts"
import { type OnnxSession, openSession } from "./runtime.ts"

/** Vectors of a batch: float32 [size, dim]. */
export interface Encoded {
  readonly dim: number
  readonly vectors: Float32Array
}

const encode = async (session: OnnxSession, { feed, input, output, pool }: Encoder, images: Images, rows: number) => {
  const found = await session.run({ [input]: feedOf(images, rows, feed) }, [output])
  return vectorsOf(output, found[output], pool)
}

/** Encodes a batch in runs of `rows` images, for networks that take no other number. */
const inRuns = async (session: OnnxSession, encoder: Encoder, batch: Images, rows: number): Promise<Encoded> => {
  const { height, images, size, width } = batch
  const values = images.length / size
  let encoded: Encoded | undefined
  for (let from = 0; from < size; from += rows) {
    const count = Math.min(rows, size - from)
    const part = { height, width, size: count, images: images.subarray(from * values, (from + count) * values) }
    const { dim, vectors } = await encode(session, encoder, part, rows)
    encoded ??= { dim, vectors: new Float32Array(size * dim) }
    encoded.vectors.set(vectors.subarray(0, count * dim), from * dim)
  }
  return encoded ?? { dim: 0, vectors: new Float32Array(0) }
}

export const work: Work<{ readonly encoder: Encoder; readonly threads: number }, Images, Encoded> = ({
  encoder,
  threads
}) => {
  const { batch, file, provider } = encoder
  // With the first batch, so that a file that cannot be loaded fails a task, not the thread.
  let session: ReturnType<typeof openSession> | undefined
  return async (images) => {
    session ??= openSession(file, { provider, threads })
    const opened = await session
    const output =
      batch === undefined
        ? await encode(opened, encoder, images, images.size)
        : await inRuns(opened, encoder, images, batch)
    return { output, transfer: [output.vectors.buffer] }
  }
}
