import { count } from "../../../pipeline/definition.ts"
import { ADDRESS, type Database } from "../pgvector/database.ts"
import { openDatabase } from "../pgvector/open.ts"
import {
  allRows,
  countRows,
  createGraph,
  createTable,
  dropTable,
  type Graph,
  insertRows,
  isName,
  LONGEST,
  type Near,
  nearestRows,
  newName,
  type Table,
  type Way
} from "../pgvector/statements.ts"
import { RetrieveError } from "../retrieve-error.ts"
import type { Similarity } from "../similarity.ts"
import { type Candidates, type Coding, defineIndex, type Saved, type Setting } from "./coding.ts"
import { exactBest } from "./exact.ts"
import { rowsStore } from "./rows.ts"

/** If at most this share of the rows is allowed, all of them are compared: a graph would visit mostly others. */
const FEW = 0.05
/** Queries of one statement, at most. */
const BLOCK = 64

/** The found rows of one query, ordered by exact similarity in double precision; ties by ascending number. */
const ordered = (by: Similarity, query: Float32Array, near: ReadonlyArray<Near>, k: number): Candidates => {
  const found = near.toSorted((a, b) => a.id - b.id)
  const rows = rowsStore(query.length)
  for (const { vector } of found) rows.add(Float32Array.from(vector))
  const best = exactBest(by, query, rows.given(), Int32Array.from(found.keys()), k)
  return { rows: best.rows.map((at) => found[at].id), scores: best.scores }
}

/** The state of a table before this index adds to it. */
interface Before {
  readonly size: number
  readonly hasGraph: boolean
  /** Whether the table stays when the index is closed, because a file names it. */
  readonly named: boolean
}

const codingOf = (database: Database, table: Table, graph: Graph, before: Before): Coding => {
  let { hasGraph, named, size } = before
  // Vectors are inserted in turn. A failure rejects the next search, save or close.
  let written: Promise<void> = Promise.resolve()
  const after = (work: () => Promise<void>): void => {
    written = written.then(work)
    written.catch(() => undefined)
  }
  const ready = (): Promise<void> => {
    after(async () => {
      if (hasGraph || size === 0) return
      await database.transaction((query) => createGraph(query, table, graph))
      hasGraph = true
    })
    return written
  }
  const nearest = (way: Way, queries: ReadonlyArray<Float32Array>, k: number, allowed: Uint8Array | undefined) =>
    database.transaction(async (query) => {
      const near = await nearestRows(query, table, graph, way, queries, k, allowed)
      return queries.map((_, place) => near.filter((one) => one.place === place))
    })
  const search = async (queries: ReadonlyArray<Float32Array>, k: number, allowed: Uint8Array | undefined) => {
    const possible = allowed?.reduce((sum, one) => sum + one, 0) ?? size
    const wanted = Math.min(k, possible)
    if (wanted === 0) return queries.map(() => [])
    if (allowed !== undefined && possible <= Math.max(k, FEW * size)) return nearest("all", queries, wanted, allowed)
    const found = await nearest("graph", queries, wanted, allowed)
    // Parts of a graph may be out of reach.
    const short = found.flatMap((near, q) => (near.length < wanted ? [q] : []))
    if (short.length === 0) return found
    const whole = await nearest(
      "all",
      short.map((q) => queries[q]),
      wanted,
      allowed
    )
    return found.map((near, q) => (short.includes(q) ? whole[short.indexOf(q)] : near))
  }
  return {
    add: (vectors) => {
      const first = size
      size += vectors.length / table.dim
      after(async () => {
        await database.transaction((query) => insertRows(query, table, first, vectors))
      })
    },
    search: async (queries, k, allowed) => {
      await ready()
      const found: Array<Candidates> = []
      for (let from = 0; from < queries.length; from += BLOCK) {
        const block = queries.slice(from, from + BLOCK)
        const near = await search(block, k, allowed)
        found.push(...near.map((one, q) => ordered(table.by, block[q], one, k)))
      }
      return found
    },
    save: async (): Promise<Readonly<Record<string, Saved>>> => {
      await ready()
      if (!database.keeps) {
        const data = await database.transaction((query) => allRows(query, table, size))
        return { rows: { dtype: "float32", shape: [size, table.dim], data } }
      }
      named = true
      const name = new TextEncoder().encode(table.name)
      return { table: { dtype: "uint8", shape: [name.length], data: name } }
    },
    bytes: () => 4 * size * table.dim,
    kernel: database.keeps ? "PostgreSQL" : "PGlite",
    close: async () => {
      try {
        await written
        if (!named) await database.transaction((query) => dropTable(query, table))
      } finally {
        await database.close()
      }
    }
  }
}

/** Opens the database for a function, and closes it if the function fails. */
const opened = async (use: (database: Database) => Promise<Coding>): Promise<Coding> => {
  const database = await openDatabase()
  try {
    return await use(database)
  } catch (cause) {
    await database.close()
    throw cause
  }
}

/** Bounds of pgvector for the parameters of a graph. */
const BOUNDS = {
  connectivity: [2, 100],
  expansion_add: [4, 1000],
  expansion_search: [1, 1000]
} as const

const refuse = (subject: string, problem: string, remedy: string) =>
  new RetrieveError({ subject: `index pgvector, ${subject}`, problem, remedy })

/** @throws RetrieveError if pgvector cannot build such a graph */
const checked = (graph: Graph, dim: number): Graph => {
  for (const name of ["connectivity", "expansion_add", "expansion_search"] as const) {
    const [least, most] = BOUNDS[name]
    if (graph[name] >= least && graph[name] <= most) continue
    throw refuse(`${name}: ${graph[name]}`, `it must be from ${least} to ${most}`, `Change \`${name}\``)
  }
  const { connectivity, expansion_add } = graph
  if (expansion_add < 2 * connectivity) {
    throw refuse(
      `expansion_add: ${expansion_add}`,
      `it must be at least twice \`connectivity\`, ${2 * connectivity}`,
      "Increase `expansion_add`, or decrease `connectivity`"
    )
  }
  if (dim <= LONGEST) return graph
  throw refuse(
    `vectors of ${dim} values`,
    `its graph holds at most ${LONGEST} values`,
    "Shorten the vectors by `fit-pca` and `compress`, or use another index"
  )
}

/** A new table with these vectors. */
const created = (graph: Graph, { by, dim }: Setting, vectors: Float32Array): Promise<Coding> =>
  opened(async (database) => {
    const table: Table = { name: newName(), dim, by }
    await database.transaction((query) => createTable(query, table))
    const coding = codingOf(database, table, graph, { size: 0, hasGraph: false, named: false })
    if (vectors.length > 0) coding.add(vectors)
    return coding
  })

/** The table of an index that was saved. @throws RetrieveError if the database has no such table, or a different one */
const reopened = (graph: Graph, { by, dim }: Setting, name: string, size: number): Promise<Coding> =>
  opened(async (database) => {
    if (!database.keeps) {
      throw new RetrieveError({
        subject: "index pgvector",
        problem: "its vectors are in a PostgreSQL server, but the environment does not have its address",
        remedy: `Set ${ADDRESS} to the address of the database in which the index was saved`
      })
    }
    const table: Table = { name, dim, by }
    const rows = isName(name) ? await database.transaction((query) => countRows(query, table)) : undefined
    if (rows === size) return codingOf(database, table, graph, { size, hasGraph: size > 0, named: true })
    throw new RetrieveError({
      subject: "index pgvector",
      problem:
        rows === undefined
          ? "the database does not have its table"
          : `its table has ${rows} vectors, but the index was saved with ${size}`,
      remedy: `Set ${ADDRESS} to the database in which the index was saved, or build the index again`
    })
  })

/** The index `pgvector`: a table and a graph of neighbours in PostgreSQL, which keeps the vectors, too. */
export const pgvector = defineIndex({
  name: "pgvector",
  title: "a table and a graph of neighbours in PostgreSQL (pgvector), or in PGlite",
  source: "Malkov and Yashunin, TPAMI 2020",
  params: {
    connectivity: count("Number of neighbours of each vector.", 16),
    expansion_add: count("Candidates that are examined when a vector is added.", 128),
    expansion_search: count("Candidates that are examined in a search; more find more.", 64)
  },
  rerank: () => undefined,
  build: async (own, setting) => created(checked(own, setting.dim), setting, new Float32Array(0)),
  load: async (own, setting, arrays, rows) =>
    arrays.has("table")
      ? reopened(own, setting, new TextDecoder().decode(Uint8Array.from(arrays.of("table").data)), rows)
      : created(own, setting, Float32Array.from(arrays.of("rows", rows * setting.dim).data))
})
