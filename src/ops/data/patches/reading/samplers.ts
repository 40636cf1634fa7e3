/**
 * Samplers: orders of an epoch that bring together images of the same classes, so that a batch has pairs to compare. Every
 * image comes exactly once in an epoch, as without a sampler; only the order changes. It is keyed by (seed, epoch).
 */
import {
  type Choice,
  chosenFrom,
  count,
  type Definition,
  type Own,
  type OwnParams,
  probability
} from "../../../../pipeline/definition.ts"
import { named } from "../../../../pipeline/named.ts"
import { type Random, random } from "../../../../pipeline/random.ts"

/** Everything about a sampler: its name in configurations, its parameters, and its order. */
interface SamplerDefinition<Name extends string = string, P extends OwnParams = OwnParams> extends Definition<Name, P> {
  /**
   * The order of one epoch.
   *
   * @param labels multi-hot labels of each image
   * @returns each index once
   */
  order(own: Own<P>, labels: ReadonlyArray<Uint8Array>, draw: Random): Int32Array
}

const defineSampler = <const Name extends string, const P extends OwnParams>(
  definition: SamplerDefinition<Name, P>
): SamplerDefinition<Name, P> => definition

/** The images of each class that have not been taken, in a drawn order, and how many there are. */
class Pool {
  private readonly queues: ReadonlyArray<Array<number>>
  private readonly labels: ReadonlyArray<Uint8Array>
  private readonly taken: Uint8Array
  /** Images left, by class. */
  readonly left: Float64Array

  constructor(labels: ReadonlyArray<Uint8Array>, draw: Random) {
    const classes = labels[0]?.length ?? 0
    this.labels = labels
    this.taken = new Uint8Array(labels.length)
    this.left = new Float64Array(classes)
    this.queues = Array.from({ length: classes }, () => [])
    for (const image of draw.permutation(labels.length)) {
      for (let c = 0; c < classes; c++) {
        if (labels[image][c] === 0) continue
        this.queues[c].push(image)
        this.left[c]++
      }
    }
    for (const queue of this.queues) queue.reverse()
  }

  take(image: number): number {
    this.taken[image] = 1
    for (let c = 0; c < this.left.length; c++) if (this.labels[image][c] !== 0) this.left[c]--
    return image
  }

  /** Takes up to `most` images of a class. */
  of(c: number, most: number): ReadonlyArray<number> {
    const found: Array<number> = []
    const queue = this.queues[c]
    while (found.length < most && queue.length > 0) {
      const image = queue.pop() as number
      if (this.taken[image] === 0) found.push(this.take(image))
    }
    return found
  }

  get rest(): ReadonlyArray<number> {
    return Array.from(this.taken, (_, image) => image).filter((image) => this.taken[image] === 0)
  }
}

/** A class that has images left, drawn by weights; -1 if none has. */
const drawnClass = (weights: Float64Array, draw: Random): number => {
  const total = weights.reduce((sum, weight) => sum + weight, 0)
  if (total <= 0) return -1
  let at = draw.next() * total
  const found = weights.findIndex((weight) => {
    at -= weight
    return weight > 0 && at < 0
  })
  return found === -1 ? weights.findLastIndex((weight) => weight > 0) : found
}

const multiLabel = defineSampler({
  name: "multi-label",
  title: "Groups of `images` images of each of `classes` classes; a batch of classes times images is one group",
  params: {
    classes: count("Number of classes that are drawn for a group.", 16),
    images: count("Number of images of each drawn class.", 4),
    power: probability(
      "Classes are drawn by the number of their images that are left, to this power: 1 follows their frequency, 0 draws all alike.",
      0.5
    )
  },
  order: ({ classes, images, power }, labels, draw) => {
    const pool = new Pool(labels, draw)
    const order: Array<number> = []
    while (order.length < labels.length) {
      const weights = pool.left.map((left) => (left > 0 ? left ** power : 0))
      const before = order.length
      for (let i = 0; i < classes; i++) {
        const c = drawnClass(weights, draw)
        if (c === -1) break
        weights[c] = 0
        order.push(...pool.of(c, images))
      }
      // What is left has no label.
      if (order.length === before) order.push(...pool.rest.map((image) => pool.take(image)))
    }
    return Int32Array.from(order)
  }
})

/** Every sampler. A new one is a definition above and its name here. */
const samplers = [multiLabel] as const

/** A sampler as the parameter `sampler` chooses it. */
type SamplerChoice = Choice<(typeof samplers)[number]>

export const samplerParam = named(
  samplers,
  "Order of the images in an epoch: puts images of the same classes into the same batch; replaces `shuffle`.",
  "none",
  { none: true }
)

/**
 * The order of an epoch by a sampler.
 *
 * @param labels multi-hot labels of each image
 * @returns each index once
 * @example
 * const labels = [Uint8Array.of(1, 0), Uint8Array.of(0, 1), Uint8Array.of(1, 0), Uint8Array.of(0, 1)]
 * const order = sampledOrder({ name: "multi-label", classes: 1, images: 2 }, labels, 0, 24)
 * order[0] % 2 === order[1] % 2 // => true
 */
export const sampledOrder = (
  choice: SamplerChoice | "none",
  labels: ReadonlyArray<Uint8Array>,
  epoch: number,
  seed: number
): Int32Array => {
  const chosen = chosenFrom<SamplerDefinition>(samplers, choice)
  if (chosen === undefined) throw new TypeError(`there is no sampler ${JSON.stringify(choice)}`)
  return chosen.definition.order(chosen.own, labels, random(seed, epoch, 0, "sampler"))
}
