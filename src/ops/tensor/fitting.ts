/** Batches that do not fit the memory of an engine: finds a size that does. */
import type { Batch } from "../elements.ts"
import { EngineMemoryError, SingleValueError } from "./engine-error.ts"
import type { Engine } from "./operations.ts"

/** Safety factor: in larger batches an image may need a little more memory, because kernels work in chunks. */
const CAUTION = 1.1

/** Returns the first `size` images of a batch. */
const firstOf = (batch: Batch, size: number): Batch => ({
  ...batch,
  size,
  names: batch.names.slice(0, size),
  indices: batch.indices.subarray(0, size),
  images: batch.images.subarray(0, size * batch.height * batch.width * batch.bands.length),
  labels: batch.labels.subarray(0, size * batch.classes.length),
  soft: batch.soft?.subarray(0, size * batch.classes.length)
})

/** Returns the peak of tensor memory in bytes during `body`; `undefined` if the engine's memory is full. */
const taken = (engine: Engine, body: () => unknown): number | undefined => {
  try {
    return engine.peak(body)
  } catch (cause) {
    if (cause instanceof EngineMemoryError) return undefined
    throw cause
  }
}

/**
 * Estimates the largest batch that fits, from the peaks of `least` images and of one more; 0 if not even these fit. One image
 * may be too few for batch norms in training; then two and three are tried.
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
 * Returns `run(batch)`. If the engine's memory is full, it tries the first few images to measure the memory of one image.
 *
 * @param run must not change any lasting state if `whole` is false
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
