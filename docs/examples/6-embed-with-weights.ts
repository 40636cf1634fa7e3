/**
 * Embeds images with a network from a weights file, and prints the most similar image of each.
 *
 *   npx tsx docs/examples/6-embed-with-weights.ts WEIGHTS IMAGES
 *
 * WEIGHTS is a file that `publish` wrote, a checkpoint, or PyTorch's state dict of the same network; IMAGES is a folder of pictures.
 * The network, size and constants below must be the same as in training.
 */
import { resolve } from "node:path"
import { Effect, Stream } from "effect"
// In a project of your own: from "orbitrank" and "orbitrank/search"
import { batch, embed, images, inCode, normalise, resize, toStream } from "../../src/index.ts"
import { rank } from "../../src/search.ts"

const [weights, folder] = process.argv.slice(2)
if (folder === undefined) throw new Error("Give a file of weights and a folder of images")

const model = { backbone: "resnet10-slim", pooling: "avg", channels: 3, num_classes: 17 } as const

const embedded = images({ from: resolve(folder), bands: "rgb" }).pipe(
  resize({ size: 32 }),
  normalise({ by: "imagenet" }),
  batch({ size: 16 }),
  embed({ model, weights: resolve(weights) })
)

const program = Effect.gen(function* () {
  const batches = yield* Stream.runCollect(toStream(embedded))
  const names = batches.flatMap(({ names }) => names)
  const dim = batches[0].dim
  const vectors = Float32Array.from(batches.flatMap(({ vectors }) => [...vectors]))
  const { order, scores } = rank(vectors, vectors, { dim, top: 2 })
  // The first result of each image is the image itself.
  names.forEach((name, i) => {
    console.log(`${name}: ${names[order[2 * i + 1]]} (cosine ${scores[2 * i + 1].toFixed(3)})`)
  })
})

await Effect.runPromise(Effect.provide(program, inCode({ folder: "outputs/examples", say: console.log })))
