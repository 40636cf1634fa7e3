/** Losses of pairs, rankings and softmaxes a second time, as their papers write them: plain lists, one term after another. */
import type { LossInput } from "../../../../src/ops/train/losses/loss.ts"
import { cosines, jaccard, type Row, rowsOf, sum } from "./naive.ts"

export type Relevance = (a: Row, b: Row) => number
export const jaccardSimilarity: Relevance = (a, b) => 1 - jaccard(a, b)
export const within =
  (threshold: number): Relevance =>
  (a, b) =>
    jaccard(a, b) <= threshold ? 1 : 0

const mean = (list: ReadonlyArray<number>): number => (list.length === 0 ? 0 : sum(list) / list.length)
const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x))

/** Similarities and relevances of every anchor with every other image. */
const anchorsOf = (input: LossInput, relevance: Relevance) => {
  const S = cosines(input)
  const labels = rowsOf(input.labels, input.rows)
  return labels.map((own, i) => {
    const others = labels.map((_, p) => p).filter((p) => p !== i)
    return { i, s: others.map((p) => S[i][p]), r: others.map((p) => relevance(own, labels[p])) }
  })
}
const split = ({ r, s }: { readonly r: Row; readonly s: Row }) => ({
  P: s.filter((_, n) => r[n] > 0),
  N: s.filter((_, n) => r[n] <= 0)
})

export const supcon = (input: LossInput, t: number, relevance: Relevance): number =>
  mean(
    anchorsOf(input, relevance)
      .filter(({ r }) => sum(r) > 0)
      .map(({ r, s }) => {
        const all = sum(s.map((x) => Math.exp(x / t)))
        return -sum(s.map((x, n) => r[n] * Math.log(Math.exp(x / t) / all))) / sum(r)
      })
  )

export const mulsupcon = (input: LossInput, t: number): number => {
  const S = cosines(input)
  const labels = rowsOf(input.labels, input.rows)
  const rows = labels.map((_, i) => i)
  const terms = rows.flatMap((i) =>
    labels[i].flatMap((has, c) => {
      const P = rows.filter((p) => p !== i && labels[p][c] > 0)
      if (has === 0 || P.length === 0) return []
      const all = sum(rows.filter((a) => a !== i).map((a) => Math.exp(S[i][a] / t)))
      return [mean(P.map((p) => -Math.log(Math.exp(S[i][p] / t) / all)))]
    })
  )
  return mean(terms)
}

export const sndl = (input: LossInput, t: number, relevance: Relevance): number =>
  mean(
    anchorsOf(input, relevance)
      .filter(({ r }) => sum(r) > 0)
      .map(({ r, s }) => {
        const all = sum(s.map((x) => Math.exp(x / t)))
        return -Math.log(sum(s.map((x, n) => (r[n] * Math.exp(x / t)) / all)))
      })
  )

export const logRatio = (input: LossInput, offset: number, relevance: Relevance): number => {
  const x = rowsOf(input.values, input.rows)
  const labels = rowsOf(input.labels, input.rows)
  if (input.rows < 3) return 0
  return mean(
    x.map((anchor, a) => {
      const r = x.flatMap((other, i) => {
        if (i === a) return []
        const D = sum(anchor.map((v, d) => (v - other[d]) ** 2))
        return [Math.log(D + 1e-6) - Math.log(1 - relevance(labels[a], labels[i]) + offset)]
      })
      return mean(r.flatMap((one, i) => r.slice(i + 1).map((other) => (one - other) ** 2)))
    })
  )
}

export const happier = (input: LossInput, t: number, relevance: Relevance): number => {
  const anchors = anchorsOf(input, relevance).filter(({ r }) => sum(r) > 0)
  return mean(
    anchors.map(({ r, s }) => {
      const terms = s.map((x, k) => {
        const G = s.map((y, j) => (j === k ? 0 : sigmoid((y - x) / t)))
        return (r[k] + sum(G.map((g, j) => Math.min(r[k], r[j]) * g))) / (1 + sum(G))
      })
      return 1 - sum(terms) / sum(r)
    })
  )
}

export interface Roadmap {
  readonly t: number
  readonly slope: number
  readonly calibration: number
  readonly above: number
  readonly below: number
}

export const roadmap = (input: LossInput, relevance: Relevance, given: Roadmap): number => {
  const { above, below, calibration, slope, t } = given
  const anchors = anchorsOf(input, relevance).map(split)
  const bound = (d: number) =>
    d <= 0 ? sigmoid(d / t) : d <= 0.05 ? sigmoid(d / t) + 0.5 : slope * (d - 0.05) + sigmoid(0.05 / t) + 0.5
  const ap = anchors.flatMap(({ N, P }) => {
    if (P.length === 0) return []
    return [
      mean(
        P.map((k) => {
          const right = P.filter((j) => j >= k).length
          const wrong = sum(N.map((j) => bound(j - k)))
          return wrong / (right + wrong)
        })
      )
    ]
  })
  const positives = anchors.flatMap(({ P }) => P.map((s) => Math.max(0, above - s)))
  const negatives = anchors.flatMap(({ N }) => N.map((s) => Math.max(0, s - below)))
  return (1 - calibration) * mean(ap) + calibration * (mean(positives) + mean(negatives))
}

export const recall = (
  input: LossInput,
  relevance: Relevance,
  ks: ReadonlyArray<number>,
  t: number,
  rank: number
): number => {
  const found = anchorsOf(input, relevance).flatMap((anchor) => {
    const { P } = split(anchor)
    if (P.length === 0) return []
    const positions = anchor.s.flatMap((_, n) => (anchor.r[n] > 0 ? [n] : []))
    return [
      mean(
        ks.map((k) =>
          mean(
            positions.map((p) => {
              const r = 1 + sum(anchor.s.map((s, z) => (z === p ? 0 : sigmoid((s - anchor.s[p]) / t))))
              return sigmoid((k - r) / rank)
            })
          )
        )
      )
    ]
  })
  return found.length === 0 ? 0 : 1 - mean(found)
}

export const multiSimilarity = (
  input: LossInput,
  relevance: Relevance,
  { alpha, base, beta, slack }: Readonly<Record<"alpha" | "beta" | "base" | "slack", number>>
): number =>
  mean(
    anchorsOf(input, relevance).map((anchor) => {
      const { N, P } = split(anchor)
      if (N.length === 0 || P.length === 0) return 0
      const near = P.filter((s) => s - slack < Math.max(...N))
      const far = N.filter((s) => s + slack > Math.min(...P))
      return (
        Math.log(1 + sum(near.map((s) => Math.exp(-alpha * (s - base))))) / alpha +
        Math.log(1 + sum(far.map((s) => Math.exp(beta * (s - base))))) / beta
      )
    })
  )

/** @param held similarities by which pairs are weighted; those of the batch themselves for the value */
export const circle = (
  input: LossInput,
  relevance: Relevance,
  { gamma, m }: { readonly gamma: number; readonly m: number },
  held: LossInput = input
): number => {
  const weighed = anchorsOf(held, relevance).map(split)
  const terms = anchorsOf(input, relevance).flatMap((anchor, i) => {
    const { N, P } = split(anchor)
    if (N.length === 0 || P.length === 0) return []
    const far = sum(N.map((s, n) => Math.exp(gamma * Math.max(0, weighed[i].N[n] + m) * (s - m))))
    const near = sum(P.map((s, n) => Math.exp(-gamma * Math.max(0, 1 + m - weighed[i].P[n]) * (s - 1 + m))))
    return [Math.log(1 + far * near)]
  })
  return mean(terms)
}

const distance = (s: number): number => Math.sqrt(Math.max(0, 2 - 2 * s))

export const margin = (input: LossInput, relevance: Relevance, alpha: number, boundary: number): number => {
  const terms = anchorsOf(input, relevance).flatMap((anchor) => {
    const { N, P } = split(anchor)
    if (N.length === 0 || P.length === 0) return []
    return [...P.map((s) => alpha + distance(s) - boundary), ...N.map((s) => alpha - distance(s) + boundary)].filter(
      (term) => term > 0
    )
  })
  return mean(terms)
}

/** The mean over the triplets that `choose` gives for the distances of positives and negatives. */
export const triplet = (
  input: LossInput,
  relevance: Relevance,
  alpha: number,
  choose: (P: Row, N: Row) => ReadonlyArray<readonly [near: number, far: number]>
): number =>
  mean(
    anchorsOf(input, relevance).flatMap((anchor) => {
      const { N, P } = split(anchor)
      if (N.length === 0 || P.length === 0) return []
      return choose(P.map(distance), N.map(distance)).map(([near, far]) => Math.max(0, alpha + near - far))
    })
  )

export const asymmetric = ({ labels, values }: LossInput, positive: number, negative: number, clip: number): number =>
  mean(
    Array.from(values, (x, i) => {
      const p = sigmoid(x)
      const q = Math.max(0, p - clip)
      return labels[i] > 0 ? -((1 - p) ** positive) * Math.log(p) : -(q ** negative) * Math.log(1 - q)
    })
  )

export const smoothed = ({ labels, values }: LossInput, smoothing: number): number =>
  mean(
    Array.from(values, (x, i) => {
      const y = labels[i] * (1 - smoothing) + smoothing / 2
      return -y * Math.log(sigmoid(x)) - (1 - y) * Math.log(sigmoid(-x))
    })
  )
