/**
 * BigEarthNet's patches as a stream: one at a time, however many there are.
 *
 *   npx tsx docs/examples/5-bigearthnet-stream.ts [FOLDER]
 *
 * FOLDER is BigEarthNet-v1.0 or v2; without it, a miniature with the same files is made. For each class it prints the mean of the
 * vegetation index NDVI over the patches with that label.
 */
import { mkdirSync } from "node:fs"
import { resolve } from "node:path"
import { Effect, Stream } from "effect"
// In a project of your own: from "orbitrank"
import { archive, decode, inCode, miniature, type RawPatch, toStream } from "../../src/index.ts"

const folder = "outputs/examples"
mkdirSync(folder, { recursive: true })
const path = process.argv[2] === undefined ? "ben" : resolve(process.argv[2])

/** Mean over the pixels of (infrared - red) / (infrared + red). */
const vegetation = ({ bands }: RawPatch): number => {
  const [infrared, red] = ["B08", "B04"].map((wanted) => bands.find(({ name }) => name === wanted)?.data ?? [])
  let sum = 0
  for (let i = 0; i < red.length; i++) sum += (infrared[i] - red[i]) / Math.max(1, infrared[i] + red[i])
  return sum / red.length
}

const patches = toStream(archive({ path }).pipe(decode()))

const program = Effect.gen(function* () {
  if (path === "ben") yield* Stream.runDrain(toStream(miniature({ kind: "bigearthnet", patches: 24, to: "ben" })))
  const classes = new Map<string, { sum: number; count: number }>()
  // `runForEach` requests the next patch only after it has processed the current one, so memory holds a few patches, not the archive.
  yield* Stream.runForEach(patches, (patch) =>
    Effect.sync(() => {
      const index = vegetation(patch)
      for (const label of patch.labels) {
        const { count, sum } = classes.get(label) ?? { sum: 0, count: 0 }
        classes.set(label, { sum: sum + index, count: count + 1 })
      }
    })
  )
  for (const [label, { count, sum }] of [...classes].sort()) {
    console.log(`${label}: ${(sum / count).toFixed(3)} over ${count} patches`)
  }
})

await Effect.runPromise(Effect.provide(program, inCode({ folder, root_dir: folder })))
