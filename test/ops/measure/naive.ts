/** A second implementation of every measure, written from the definitions with sets and lists, to compare with. */

export const jaccard = (a: ReadonlyArray<number>, b: ReadonlyArray<number>): number => {
  const union = new Set([...a, ...b])
  const both = a.filter((label) => b.includes(label))
  return union.size === 0 ? 0 : (union.size - both.length) / union.size
}

/** Labels of a multi-hot vector as a list. */
export const listed = (vector: ArrayLike<number>): Array<number> =>
  Array.from(vector).flatMap((value, label) => (value ? [label] : []))

/** `hits[i]` says whether the i-th result is relevant. */
export const averagePrecision = (hits: ReadonlyArray<boolean>): number => {
  const total = hits.filter(Boolean).length
  let area = 0
  hits.forEach((hit, rank) => {
    if (!hit) return
    const before = hits.slice(0, rank).filter(Boolean).length
    const precisionBefore = rank === 0 ? 1 : before / rank
    const precisionHere = (before + 1) / (rank + 1)
    area += ((precisionBefore + precisionHere) / 2) * (1 / total)
  })
  return area
}

export const precision = (hits: ReadonlyArray<boolean>, k: number): number => {
  const seen = hits.slice(0, Math.min(k, hits.lastIndexOf(true) + 1))
  return seen.filter(Boolean).length / seen.length
}

export const acg = (shared: ReadonlyArray<number>, k: number): number =>
  shared.slice(0, k).reduce((a, b) => a + b, 0) / k

export const ndcg = (shared: ReadonlyArray<number>, k: number): number => {
  const dcg = (list: ReadonlyArray<number>) => list.reduce((sum, c, i) => sum + (2 ** c - 1) / Math.log2(i + 2), 0)
  const first = shared.slice(0, k)
  return dcg(first) / (dcg(first.toSorted((a, b) => b - a)) + 1e-6)
}

export const wap = (shared: ReadonlyArray<number>, k: number): number => {
  const at = Array.from({ length: k }, (_, i) => i + 1).filter((i) => shared[i - 1] > 0)
  return at.map((i) => acg(shared, i)).reduce((a, b) => a + b, 0) / (at.length + 1e-6)
}
