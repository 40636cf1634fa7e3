/** Similarities and their order a second time: loops over plain arrays, in double precision. */
export type By = "cosine" | "dot" | "l2"
type Vector = ReadonlyArray<number>

const product = (a: Vector, b: Vector): number => a.reduce((sum, x, k) => sum + x * b[k], 0)

export const similarity = (by: By, a: Vector, b: Vector): number => {
  if (by === "dot") return product(a, b)
  if (by === "l2") return -Math.sqrt(a.reduce((sum, x, k) => sum + (x - b[k]) ** 2, 0))
  return product(a, b) / Math.sqrt(product(a, a) * product(b, b))
}

/** Positions of the database by descending similarity, equal ones by position. */
export const ordered = (by: By, query: Vector, database: ReadonlyArray<Vector>): Array<number> => {
  const scores = database.map((one) => similarity(by, query, one))
  return [...scores.keys()].sort((a, b) => scores[b] - scores[a] || a - b)
}
