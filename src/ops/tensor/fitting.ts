/** Batches that do not fit an engine's memory: which size would. */
import type { Batch } from "../elements.ts"
import { EngineMemoryError, SingleValueError } from "./engine-error.ts"
import type { Engine } from "./operations.ts"

/** More images may take a little more each than two do, since kernels work in chunks. */
const CAUTION = 1.1

/** The first images of a batch. */
const firstOf = (batch: Batch, size: number): Batch => ({
  ...batch,
  size,
  names: batch.names.slice(0, size),
  indices: batch.indices.subarray(0, size),
  images: batch.images.subarray(0, size * batch.height * batch.width * batch.bands.length),
  labels: batch.labels.subarray(0, size * batch.classes.length)
})

/** Most bytes that tensors take during `body`; undefined where the engine's memory is full. */
const taken = (engine: Engine, body: () => unknown): number | undefined => {
  try {
    return engine.peak(body)
  } catch (cause) {
    if (cause instanceof EngineMemoryError) return undefined
    throw cause
  }
}

/**
 * The largest batch that fits, from what `least` images and one more take at most; 0 where not even so many fit. One
 * image may be too few for batch norms in training: then two and three are tried.
 */
const fitting = (engine: Engine, limit: number, run: (images: number) => unknown, least = 1): number => {
  try {
    const some = taken(engine, () => run(least))
    if (some === undefined) return 0
    const more = taken(engine, () => run(least + 1))
    if (more === undefined) return least
    const each = Math.max(1, more - some)
    return Math.max(least, Math.floor((limit - (some - least * each)) / (CAUTION * each)))
  } catch (cause) {
    if (cause instanceof SingleValueError && least === 1) return fitting(engine, limit, run, 2)
    throw cause
  }
}

/**
 * `run(batch)`. Where the engine's memory is full, the first few images are tried, to learn what an image takes.
 *
 * @param run must change nothing that lasts where `whole` is false
 * @throws EngineMemoryError that names a batch size that fits
 */
export const withinMemory = <A>(engine: Engine, batch: Batch, run: (batch: Batch, whole: boolean) => A): A => {
  try {
    return run(batch, true)
  } catch (cause) {
    const { limit } = engine
    if (!(cause instanceof EngineMemoryError) || limit === undefined) throw cause
    const most = batch.size - 1
    const fits =
      most === 0
        ? 0
        : Math.min(
            most,
            fitting(engine, limit, (images) => run(firstOf(batch, images), false))
          )
    throw new EngineMemoryError({
      subject: `a batch of ${batch.size} images of ${batch.height}x${batch.width}`,
      problem: `does not fit the ${(limit / 2 ** 30).toPrecision(3)} GiB of the ${engine.name} engine`,
      remedy:
        fits > 0
          ? `Use batches of at most ${fits}, or \`device: tensorflow\``
          : "Use smaller images or a smaller network, or `device: tensorflow`",
      cause
    })
  }
}
