/** The statements of indexes of kind `pgvector`. A table has one row per vector: its number, and the vector. */
import type { Similarity } from "../similarity.ts"
import type { Query } from "./database.ts"

/** The table of one index. */
export interface Table {
  /** Begins with `orbitrank_index_`. */
  readonly name: string
  /** Length of a vector. */
  readonly dim: number
  readonly by: Similarity
}

/** Parameters of the graph of neighbours. */
export interface Graph {
  readonly connectivity: number
  readonly expansion_add: number
  readonly expansion_search: number
}

/** One row that was found: the place of its query, its number, and its vector. */
export interface Near {
  readonly place: number
  readonly id: number
  readonly vector: ReadonlyArray<number>
}

const OPERATORS: Readonly<Record<Similarity, string>> = { cosine: "<=>", dot: "<#>", l2: "<->" }
const CLASSES: Readonly<Record<Similarity, string>> = { cosine: "cosine_ops", dot: "ip_ops", l2: "l2_ops" }

/** The longest vectors that a graph holds in single precision; longer ones are rounded to half precision in the graph. */
const SINGLE = 2000
/** The longest vectors that a graph can hold. */
export const LONGEST = 4000
/** Values that one statement sends, at most: 4 MB of text. */
const VALUES = 200_000

/** The type of vectors in the graph. */
const typeIn = (dim: number) => (dim <= SINGLE ? "vector" : "halfvec")
/** An expression as the graph holds it. */
const inGraph = (expression: string, dim: number) =>
  dim <= SINGLE ? expression : `(${expression}::${typeIn(dim)}(${dim}))`

const NAME = /^orbitrank_index_[0-9a-f]{32}$/

/** A name that no other table has. */
export const newName = (): string => `orbitrank_index_${globalThis.crypto.randomUUID().replaceAll("-", "")}`

/** Whether a text that was read from a file is the name of such a table. */
export const isName = (text: string): boolean => NAME.test(text)

/** Vectors as one text, in which semicolons separate them. @param vectors float32 [dim] each */
const textOf = (vectors: ReadonlyArray<Float32Array>): string => vectors.map((one) => `[${one.join()}]`).join(";")

export const createTable = (query: Query, { dim, name }: Table) =>
  query(`CREATE TABLE ${name} (id integer PRIMARY KEY, embedding vector(${dim}) NOT NULL)`)

export const dropTable = (query: Query, { name }: Table) => query(`DROP TABLE IF EXISTS ${name}`)

/** Number of rows; undefined if there is no such table. */
export const countRows = async (query: Query, { name }: Table): Promise<number | undefined> => {
  const [{ found }] = await query("SELECT to_regclass($1::text) IS NOT NULL AS found", name)
  if (found !== true) return undefined
  const [{ count }] = await query(`SELECT count(*)::integer AS count FROM ${name}`)
  return Number(count)
}

/** Inserts vectors, which get the numbers from `first` on. @param vectors float32 [n, dim] */
export const insertRows = async (query: Query, { dim, name }: Table, first: number, vectors: Float32Array) => {
  const step = Math.max(1, Math.floor(VALUES / dim))
  const count = vectors.length / dim
  for (let from = 0; from < count; from += step) {
    const block = Array.from({ length: Math.min(step, count - from) }, (_, i) =>
      vectors.subarray((from + i) * dim, (from + i + 1) * dim)
    )
    await query(
      `INSERT INTO ${name} (id, embedding) SELECT $2::text::integer + place - 1, one::vector(${dim}) ` +
        `FROM string_to_table($1::text, ';') WITH ORDINALITY AS given (one, place)`,
      textOf(block),
      String(first + from)
    )
  }
}

/** All vectors in the order of their numbers, float32 [size, dim]. */
export const allRows = async (query: Query, { dim, name }: Table, size: number): Promise<Float32Array> => {
  const all = new Float32Array(size * dim)
  const step = Math.max(1, Math.floor(VALUES / dim))
  for (let from = 0; from < size; from += step) {
    const rows = await query(
      `SELECT id, embedding::text AS vector FROM ${name} ` +
        `WHERE id >= $1::text::integer AND id < $2::text::integer ORDER BY id`,
      String(from),
      String(Math.min(size, from + step))
    )
    for (const { id, vector } of rows) all.set(JSON.parse(String(vector)), Number(id) * dim)
  }
  return all
}

/** Builds the graph of neighbours (Malkov and Yashunin, TPAMI 2020), which PostgreSQL extends when rows are added. */
export const createGraph = async (query: Query, { by, dim, name }: Table, { connectivity, expansion_add }: Graph) => {
  await query(
    `CREATE INDEX ${name}_graph ON ${name} USING hnsw (${inGraph("embedding", dim)} ${typeIn(dim)}_${CLASSES[by]}) ` +
      `WITH (m = ${connectivity}, ef_construction = ${expansion_add})`
  )
  await query(`ANALYZE ${name}`)
}

/** How rows are found: by the graph, or by comparing all of them. */
export type Way = "graph" | "all"

const settingsOf = (way: Way, { expansion_search }: Graph): ReadonlyArray<readonly [name: string, value: string]> =>
  way === "all"
    ? [["enable_indexscan", "off"]]
    : [
        ["enable_seqscan", "off"],
        ["hnsw.ef_search", String(expansion_search)],
        // The graph is searched until there are enough allowed rows.
        ["hnsw.iterative_scan", "relaxed_order"],
        ["hnsw.max_scan_tuples", "2147483647"]
      ]

/** The bits of a filter in base64, for PostgreSQL's `get_bit`. */
const bitsOf = (allowed: Uint8Array): string => {
  const bits = new Uint8Array(Math.ceil(allowed.length / 8))
  for (let row = 0; row < allowed.length; row++) bits[row >> 3] |= allowed[row] << (row & 7)
  return Buffer.from(bits).toString("base64")
}

/**
 * The nearest rows of each query, in no order.
 *
 * @param queries float32 [dim] each
 * @param k number of rows per query
 * @param allowed uint8 [rows], 1 for each row that may be found; undefined for all
 */
export const nearestRows = async (
  query: Query,
  { by, dim, name }: Table,
  graph: Graph,
  way: Way,
  queries: ReadonlyArray<Float32Array>,
  k: number,
  allowed: Uint8Array | undefined
): Promise<ReadonlyArray<Near>> => {
  const settings = settingsOf(way, graph).map(([key, value]) => `set_config('${key}', '${value}', true)`)
  await query(`SELECT ${settings.join(", ")}`)
  const filter = allowed === undefined ? "" : "WHERE get_bit((SELECT decode($3::text, 'base64')), id) = 1 "
  const rows = await query(
    `SELECT asked.place::integer AS place, near.id, near.embedding::text AS vector FROM ` +
      `(SELECT one::vector(${dim}) AS vector, place FROM string_to_table($1::text, ';') WITH ORDINALITY AS given (one, place)) ` +
      `AS asked CROSS JOIN LATERAL (SELECT id, embedding FROM ${name} ${filter}` +
      `ORDER BY ${inGraph("embedding", dim)} ${OPERATORS[by]} ${inGraph("asked.vector", dim)} LIMIT $2::text::integer) AS near`,
    ...[textOf(queries), String(k), ...(allowed === undefined ? [] : [bitsOf(allowed)])]
  )
  return rows.map(({ id, place, vector }) => ({
    place: Number(place) - 1,
    id: Number(id),
    vector: JSON.parse(String(vector))
  }))
}
