/** Losses a second time, as their definitions read: plain lists, one term after another. */
import type { LossInput } from "../../../../src/ops/train/losses/loss.ts"

export type Row = ReadonlyArray<number>

export const rowsOf = (values: ArrayLike<number>, rows: number): ReadonlyArray<Row> => {
  const width = rows === 0 ? 0 : values.length / rows
  return Array.from({ length: rows }, (_, i) => Array.from(values).slice(i * width, (i + 1) * width))
}
export const sum = (list: ReadonlyArray<number>): number => list.reduce((a, b) => a + b, 0)
const minus = (a: Row, b: Row): Row => a.map((x, i) => x - b[i])
const norm = (row: Row): number => Math.sqrt(sum(row.map((x) => x * x)))
const unit = (row: Row): Row => row.map((x) => x / Math.max(norm(row), 1e-12))
const mean = (rows: ReadonlyArray<Row>): Row => rows[0].map((_, d) => sum(rows.map((row) => row[d])) / rows.length)
/** PyTorch's pairwise distance, which shifts every difference. */
const distance = (a: Row, b: Row): number => norm(minus(a, b).map((x) => x + 1e-6))

export const jaccard = (a: Row, b: Row): number => {
  const both = a.filter((x, i) => x > 0 && b[i] > 0).length
  const any = a.filter((x, i) => x > 0 || b[i] > 0).length
  return any === 0 ? 0 : (any - both) / any
}

/** Rows at a Jaccard distance of at most the threshold, the anchor itself among them. */
export const alikeOf = ({ labels, rows }: LossInput, anchor: number, threshold: number): ReadonlyArray<number> => {
  const sets = rowsOf(labels, rows)
  return sets.flatMap((set, i) => (i === anchor || jaccard(sets[anchor], set) <= threshold ? [i] : []))
}

interface Sets {
  readonly a: Row
  readonly positives: ReadonlyArray<Row>
  readonly negatives: ReadonlyArray<Row>
}

const setsOf = (input: LossInput, threshold: number, excludeAnchor: boolean): ReadonlyArray<Sets> => {
  const rows = rowsOf(input.values, input.rows)
  return rows
    .map((a, anchor) => {
      const alike = alikeOf(input, anchor, threshold)
      return {
        a,
        positives: rows.filter((_, i) => i !== anchor && alike.includes(i)),
        negatives: rows.filter((_, i) => (i === anchor ? !excludeAnchor : !alike.includes(i)))
      }
    })
    .filter(({ negatives, positives }) => positives.length > 0 && negatives.length > 0)
}

export const contrastive = (input: LossInput, threshold: number, margin: number, excludeAnchor: boolean): number =>
  sum(
    setsOf(input, threshold, excludeAnchor).map(({ a, negatives, positives }) => {
      const [x, p, n] = [a, mean(positives), mean(negatives)].map(unit)
      return norm(minus(x, p)) ** 2 / 2 + Math.max(0, margin - norm(minus(x, n))) ** 2 / 2
    })
  )

export const triplet = (input: LossInput, threshold: number, margin: number, excludeAnchor: boolean): number => {
  const terms = setsOf(input, threshold, excludeAnchor).map(({ a, negatives, positives }) =>
    Math.max(0, margin + distance(a, mean(positives)) - distance(a, mean(negatives)))
  )
  return terms.length === 0 ? 0 : sum(terms) / terms.length
}

export const cosines = (input: LossInput): ReadonlyArray<Row> => {
  const units = rowsOf(input.values, input.rows).map(unit)
  return units.map((a) => units.map((b) => sum(a.map((x, i) => x * b[i]))))
}

const step = (d: number, t: number): number => 1 / (1 + Math.exp(Math.max(-50, Math.min(50, -d / t))))

/** 1 + the sum over others of the step of how far they come before. */
const rank = (s: Row, a: number, among: ReadonlyArray<number>, t: number): number =>
  1 + sum(among.filter((b) => b !== a).map((b) => step(s[b] - s[a], t)))

/** All B x B x B comparisons at once. */
export const ordered = (input: LossInput, t: number): number => {
  const S = cosines(input)
  const labels = rowsOf(input.labels, input.rows)
  const all = S.map((_, q) => q)
  const terms = (labels[0] ?? []).flatMap((_, c) => {
    const members = all.filter((q) => labels[q][c] === 1)
    if (members.length < 2) return []
    const precision = sum(members.flatMap((q) => members.map((a) => rank(S[q], a, members, t) / rank(S[q], a, all, t))))
    return [1 - precision / members.length / input.rows]
  })
  return terms.length === 0 ? 0 : sum(terms) / terms.length
}

export const smoothAp = (input: LossInput, threshold: number, t: number): number => {
  const S = cosines(input)
  const terms = S.flatMap((s, q) => {
    const positives = alikeOf(input, q, threshold).filter((i) => i !== q)
    if (positives.length === 0) return []
    const others = S.map((_, i) => i).filter((i) => i !== q)
    return [1 - sum(positives.map((a) => rank(s, a, positives, t) / rank(s, a, others, t))) / positives.length]
  })
  return terms.length === 0 ? 0 : sum(terms) / terms.length
}

export const softmaxEntropy = ({ labels, rows, values }: LossInput): number => {
  const targets = rowsOf(labels, rows)
  const terms = rowsOf(values, rows).map((row, i) => {
    const total = sum(row.map(Math.exp))
    return -sum(row.map((x, c) => targets[i][c] * Math.log(Math.exp(x) / total)))
  })
  return rows === 0 ? 0 : sum(terms) / rows
}
