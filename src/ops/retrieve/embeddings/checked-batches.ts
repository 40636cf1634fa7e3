/** Embedding of checked batches: patches with pixels that are not finite are removed first. */
import { Effect, Result, Stream } from "effect"
import { type Bad, badPatches, reportSkipped } from "../../data/patches/bad-patches.ts"
import { missingPixels } from "../../data/patches/pixels/missing-pixels.ts"
import type { Batch, Embeddings } from "../../elements.ts"
import { allFinite } from "../../tensor/finite.ts"

/** Some rows of a matrix that has `size` rows. */
const rowsOf = <A extends Float32Array | Int32Array | Uint8Array>(
  values: A,
  size: number,
  rows: ReadonlyArray<number>
): A => {
  const width = values.length / size
  const out = values.slice(0, rows.length * width) as A
  rows.forEach((row, i) => {
    out.set(values.subarray(row * width, (row + 1) * width), i * width)
  })
  return out
}

/** A batch without some of its patches. */
const without = (batch: Batch, bad: ReadonlySet<string>): Batch => {
  const rows = batch.names.flatMap((name, i) => (bad.has(name) ? [] : [i]))
  const { images, indices, labels, names, size } = batch
  return {
    ...batch,
    size: rows.length,
    names: rows.map((row) => names[row]),
    indices: rowsOf(indices, size, rows),
    images: rowsOf(images, size, rows),
    labels: rowsOf(labels, size, rows)
  }
}

const ofPixels = (batch: Batch): ReadonlyArray<Bad> =>
  missingPixels(batch).map(({ bands, name }) => ({
    name,
    why: `${name}: pixels of ${bands.join(", ")} are NaN or infinite`
  }))

/** Finite pixels may still be too large for the network. */
const ofVectors = ({ dim, names, vectors }: Embeddings): ReadonlyArray<Bad> =>
  allFinite(vectors)
    ? []
    : names.flatMap((name, i) =>
        allFinite(vectors.subarray(i * dim, (i + 1) * dim))
          ? []
          : [{ name, why: `${name}: its embedding is not finite` }]
      )

/**
 * Embeds batches of patches whose pixels are finite. With `fail`, bad patches make the stream fail at its end, with one error
 * for all of them; after the first one, batches are checked but no longer embedded. With `skip`, bad patches are left out,
 * counted and reported.
 *
 * The pixels must be checked before the network sees them: on WebAssembly, ReLU of NaN is 0, so a network turns NaN into
 * ordinary features.
 *
 * @param concurrency number of batches that are embedded at the same time
 */
export const embedGood =
  <E, R>(policy: "fail" | "skip", concurrency: number, embed: (batch: Batch) => Effect.Effect<Embeddings, E, R>) =>
  <E0, R0>(batches: Stream.Stream<Batch, E0, R0>) =>
    Stream.suspend(() => {
      const bad: Array<Bad> = []
      const use = Effect.fnUntraced(function* (batch: Batch) {
        const found = ofPixels(batch)
        bad.push(...found)
        if (policy === "fail" && bad.length > 0) return undefined
        const good = found.length === 0 ? batch : without(batch, new Set(found.map(({ name }) => name)))
        if (good.size === 0) return undefined
        const embedded = yield* embed(good)
        const overflowed = ofVectors(embedded)
        if (overflowed.length === 0) return embedded
        bad.push(...overflowed)
        return undefined
      })
      const atEnd = Effect.suspend(() =>
        policy === "fail" && bad.length > 0 ? badPatches("embed", bad) : reportSkipped("embed", bad)
      )
      return batches.pipe(
        Stream.mapEffect(use, { concurrency }),
        Stream.filterMap((one) => (one === undefined ? Result.fail(undefined) : Result.succeed(one))),
        Stream.concat(Stream.drain(Stream.fromEffect(atEnd)))
      )
    })
