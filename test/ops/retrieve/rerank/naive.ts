/** Re-rankers a second time: loops over plain arrays, as the papers write them. */
export type Vector = ReadonlyArray<number>

export const unit = (v: Vector): Vector => {
  const length = Math.hypot(...v)
  return v.map((x) => x / length)
}
export const cosine = (a: Vector, b: Vector): number => unit(a).reduce((sum, x, k) => sum + x * unit(b)[k], 0)

/** Positions by descending score, ties by position. */
export const orderBy = (scores: Vector): ReadonlyArray<number> =>
  [...scores.keys()].sort((a, b) => scores[b] - scores[a] || a - b)

export const plain = (query: Vector, database: ReadonlyArray<Vector>) =>
  orderBy(database.map((one) => cosine(query, one)))

export const expanded = (query: Vector, neighbours: ReadonlyArray<Vector>, alpha: number): Vector => {
  const sum = [...unit(query)]
  for (const one of neighbours) {
    const weight = alpha === 0 ? 1 : Math.max(0, cosine(query, one)) ** alpha
    unit(one).forEach((x, k) => {
      sum[k] += weight * x
    })
  }
  return unit(sum)
}

export const augmented = (database: ReadonlyArray<Vector>, k: number, alpha: number): ReadonlyArray<Vector> =>
  database.map((one, i) => {
    const others = plain(one, database).filter((j) => j !== i)
    return expanded(
      one,
      others.slice(0, k).map((j) => database[j]),
      alpha
    )
  })

export const byLabels = (best: Vector, database: ReadonlyArray<Vector>): Vector =>
  database.map((labels) => {
    const both = labels.filter((one, c) => one === 1 && best[c] === 1).length
    const either = labels.filter((one, c) => one === 1 || best[c] === 1).length
    return both / (either + 1e-6)
  })

/** Half of a whole number, rounded as Python rounds. */
const halfToEven = (k: number): number => (k % 4 === 1 ? (k - 1) / 2 : Math.round(k / 2))

/** Final distances of Zhong et al. (2017), dense matrices: queries first, then the database. */
export const kReciprocal = (
  queries: ReadonlyArray<Vector>,
  database: ReadonlyArray<Vector>,
  k1: number,
  k2: number,
  lambda: number
): ReadonlyArray<Vector> => {
  const all = [...queries, ...database]
  const squared = all.map((a) => all.map((b) => 2 - 2 * cosine(a, b)))
  const distance = squared.map((row) => row.map((d) => d / Math.max(...row)))
  const near = all.map((a) => plain(a, all))
  const reciprocal = (i: number, k: number) =>
    near[i].slice(0, k + 1).filter((j) => near[j].slice(0, k + 1).includes(i))
  const v = all.map((_, i) => {
    const own = reciprocal(i, k1)
    let set = [...own]
    for (const j of own) {
      const theirs = reciprocal(j, halfToEven(k1))
      if (theirs.filter((one) => own.includes(one)).length > (2 / 3) * theirs.length) set = [...set, ...theirs]
    }
    const weights = all.map((__, j) => (set.includes(j) ? Math.exp(-distance[i][j]) : 0))
    const sum = weights.reduce((a, b) => a + b, 0)
    return weights.map((weight) => weight / sum)
  })
  const mean = v.map((_, i) => all.map((__, j) => near[i].slice(0, k2).reduce((sum, m) => sum + v[m][j], 0) / k2))
  return queries.map((_, q) =>
    database.map((__, d) => {
      const [a, b] = [mean[q], mean[queries.length + d]]
      const least = a.reduce((sum, x, k) => sum + Math.min(x, b[k]), 0)
      const most = a.reduce((sum, x, k) => sum + Math.max(x, b[k]), 0)
      return (1 - lambda) * (1 - least / most) + lambda * distance[q][queries.length + d]
    })
  )
}
