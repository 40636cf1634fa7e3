import { positive, probability } from "../../../pipeline/definition.ts"
import { logOnePlusSum } from "../../logistic.ts"
import { cosinesBetween } from "./between.ts"
import { membersOf } from "./classes.ts"
import { defineLoss, type LossInput, type LossValue } from "./loss.ts"

export interface ProxyAnchorOptions {
  /** Scale of similarities. */
  readonly alpha?: number
  /** Similarity beyond which pairs have little weight: positives above it, negatives below its opposite. */
  readonly delta?: number
}

/**
 * Proxy-anchor loss (Kim et al., CVPR 2020, equation 4) with one learned proxy per class, cosine similarities s, and any number
 * of labels per image: the mean over proxies with positives in the batch of log(1 + sum over images with the class of
 * exp(-alpha (s - delta))), plus the mean over all proxies of log(1 + sum over images without the class of
 * exp(alpha (s + delta))).
 *
 * @param input raw embeddings [rows, D] and raw proxies `learned` [classes, D], which are L2-normalised here
 * @example
 * const input = { values: Float32Array.of(1, 0), labels: Uint8Array.of(1, 0), rows: 1, learned: Float32Array.of(1, 0, -1, 0) }
 * proxyAnchor(input, { alpha: 1, delta: 0 }).value.toFixed(4) // => "0.4699"
 */
export const proxyAnchor = (
  { labels, learned, rows, team, values }: LossInput,
  { alpha = 32, delta = 0.1 }: ProxyAnchorOptions = {}
): LossValue & { readonly learned: Float32Array } => {
  if (learned === undefined) throw new TypeError("proxy_anchor needs the values of its proxies")
  if (rows === 0) {
    return { value: 0, gradient: new Float32Array(values.length), learned: new Float32Array(learned.length), floor: 0 }
  }
  const classes = labels.length / rows
  const { back, S } = cosinesBetween({ values, rows, team }, learned)
  const dS = new Float64Array(rows * classes)
  const all = Array.from({ length: rows }, (_, i) => i)
  const having = membersOf(labels, rows)
  const present = having.filter((list) => list.length > 0).length
  let value = 0
  const add = (c: number, list: ReadonlyArray<number>, sign: number, count: number) => {
    const { shares, value: term } = logOnePlusSum(list.map((i) => sign * alpha * (S[i * classes + c] + sign * delta)))
    value += term / count
    list.forEach((i, n) => {
      dS[i * classes + c] += (sign * alpha * shares[n]) / count
    })
  }
  having.forEach((positives, c) => {
    if (positives.length > 0) add(c, positives, -1, present)
    const negatives = all.filter((i) => labels[i * classes + c] === 0)
    add(c, negatives, 1, classes)
  })
  const { images, vectors } = back(dS)
  return { value, gradient: images, learned: vectors, floor: Number.NaN }
}

/** The loss `proxy_anchor`. */
export const proxyAnchorLoss = defineLoss({
  name: "proxy_anchor",
  title: "Proxy-anchor loss: images are compared with one learned proxy per class instead of with each other",
  source: "Kim et al., CVPR 2020",
  on: "embeddings",
  params: {
    alpha: positive("Scale of similarities.", 32),
    delta: probability("Similarity above which positives, and below minus which negatives, have little weight.", 0.1),
    proxy_rate: positive("Learning rate of the proxies, as a multiple of the network's.", 100)
  },
  learned: ({ proxy_rate: rate }, { classes, dim }) => ({
    name: "proxies",
    shape: [classes, dim],
    rate,
    // As the authors draw them: He et al. 2015 by the number of classes.
    init: ({ normal }) => Float32Array.from({ length: classes * dim }, () => Math.sqrt(2 / classes) * normal())
  }),
  loss: (own) => (input) => proxyAnchor(input, own)
})
