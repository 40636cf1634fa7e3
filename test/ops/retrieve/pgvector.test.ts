/** The index `pgvector` in PGlite and in a real PostgreSQL server, if they are here. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest"
import { decodeSafetensors } from "../../../src/ops/formats/safetensors/read.ts"
import { encodeSafetensors } from "../../../src/ops/formats/safetensors/write.ts"
import {
  buildIndex,
  type IndexOptions,
  loadIndex,
  recallOf,
  type VectorIndex
} from "../../../src/ops/retrieve/vector-index.ts"
import { random } from "../../../src/pipeline/random.ts"
import { binaries, hasExtension, openPostgres, PASSWORD, type Postgres } from "../../experiments/cluster/postgres.ts"
import { hasPackage } from "../../has-package.ts"

const embedded = hasPackage("@electric-sql/pglite") && hasPackage("@electric-sql/pglite-pgvector")
const server = hasPackage("@effect/sql-pg") && hasExtension("vector")

const drawn = (rows: number, dim: number, seed: number) =>
  Float32Array.from({ length: rows * dim }, random(seed, 0, 0, "vectors").normal)
const mean = (values: Float64Array) => values.reduce((sum, value) => sum + value, 0) / values.length

/** Recall of the ten best. */
const recallIn = async (rows: number, dim: number, by: NonNullable<IndexOptions["by"]>) => {
  const [vectors, queries] = [drawn(rows, dim, 1), drawn(20, dim, 2)]
  const found = async (index: "exact" | "pgvector") => {
    const one = await buildIndex(vectors, { dim, by, index })
    const all = await one.search(queries, 10)
    await one.close()
    return all
  }
  return mean(recallOf(await found("pgvector"), await found("exact")))
}

describe("index pgvector", () => {
  it("refuses what its graph cannot be, before it opens a database", async () => {
    const built = (own: object, dim = 4) =>
      buildIndex(new Float32Array(0), { dim, index: { name: "pgvector", ...own } as never })
    await expect(built({ connectivity: 1 })).rejects.toThrow(
      "index pgvector, connectivity: 1: it must be from 2 to 100. Change `connectivity`."
    )
    await expect(built({ connectivity: 20, expansion_add: 30 })).rejects.toThrow(
      "index pgvector, expansion_add: 30: it must be at least twice `connectivity`, 40. Increase `expansion_add`, or decrease `connectivity`."
    )
    await expect(built({}, 4001)).rejects.toThrow(
      "index pgvector, vectors of 4001 values: its graph holds at most 4000"
    )
  })

  it.skipIf(embedded)("names the command that installs its package", async () => {
    await expect(buildIndex(drawn(3, 2, 1), { dim: 2, index: "pgvector" })).rejects.toThrow(
      /^package @electric-sql\/pglite: indexes of kind `pgvector` need it, but it is not installed. Run `npm install/
    )
  })
})

describe.skipIf(!embedded)("index pgvector in PGlite", () => {
  // Starting PGlite takes seconds. It runs until its last index is closed.
  let first: VectorIndex
  beforeAll(async () => {
    first = await buildIndex(drawn(3, 2, 1), { dim: 2, index: "pgvector" })
  }, 120_000)
  afterAll(() => first?.close())

  it("finds long vectors by a graph in half precision", async () => {
    expect(await recallIn(60, 2001, "cosine")).toBeGreaterThan(0.9)
  })

  it("saves the vectors themselves, and needs a server for an index that was saved in one", async () => {
    const one = await buildIndex(drawn(5, 3, 1), { dim: 3, index: "pgvector" })
    const { metadata, tensors } = decodeSafetensors(await one.save(), "index")
    expect(tensors.find(({ name }) => name === "rows")?.data).toEqual(drawn(5, 3, 1))
    await one.close()
    const text = new TextEncoder().encode(`orbitrank_index_${"0".repeat(32)}`)
    const there = encodeSafetensors(
      [
        { name: "alive", dtype: "uint8", shape: [5], data: new Uint8Array(5).fill(1) },
        { name: "table", dtype: "uint8", shape: [text.length], data: text }
      ],
      metadata
    )
    await expect(loadIndex(there)).rejects.toThrow(
      "index pgvector: its vectors are in a PostgreSQL server, but the environment does not have its address. Set ORBITRANK_PGVECTOR to"
    )
  })
})

describe("the address of the server", () => {
  afterEach(() => {
    delete process.env.ORBITRANK_PGVECTOR
  })
  const built = () => buildIndex(drawn(3, 2, 1), { dim: 2, index: "pgvector" })

  it("is refused without being shown if it is wrong", async () => {
    process.env.ORBITRANK_PGVECTOR = "mysql://me:s3cret@host/a"
    const fault = await built().catch((cause: Error) => cause.message)
    expect(fault).toMatch(/^ORBITRANK_PGVECTOR: is not the address of a PostgreSQL database/)
    expect(fault).not.toContain("s3cret")
  })

  it.skipIf(!hasPackage("@effect/sql-pg"))("names a server that does not answer", async () => {
    process.env.ORBITRANK_PGVECTOR = "postgres://me:s3cret@127.0.0.1:1/a"
    const fault = await built().catch((cause: Error) => cause.message)
    expect(fault).toBe(
      "PostgreSQL at 127.0.0.1:1/a: does not answer. Check host and port in the address, that the server runs, and that no firewall is between."
    )
  })
})

describe.skipIf(binaries === undefined || server || !hasPackage("@effect/sql-pg"))(
  "a PostgreSQL server without pgvector",
  () => {
    it("is refused, and the message says what is missing", async () => {
      const postgres = await openPostgres()
      process.env.ORBITRANK_PGVECTOR = postgres.url
      try {
        await expect(buildIndex(drawn(3, 2, 1), { dim: 2, index: "pgvector" })).rejects.toThrow(
          "ORBITRANK_PGVECTOR: the database does not have the extension pgvector, and this user cannot create it. Install pgvector on the server, then run `CREATE EXTENSION vector` in this database as its administrator."
        )
      } finally {
        delete process.env.ORBITRANK_PGVECTOR
        await postgres.remove()
      }
    })
  }
)

describe.skipIf(!server)("index pgvector in a PostgreSQL server", () => {
  let postgres: Postgres
  beforeAll(async () => {
    postgres = await openPostgres()
    process.env.ORBITRANK_PGVECTOR = postgres.url
  }, 60_000)
  afterAll(async () => {
    delete process.env.ORBITRANK_PGVECTOR
    await postgres?.remove()
  })
  const DIM = 24
  const [vectors, queries] = [drawn(500, DIM, 1), drawn(30, DIM, 2)]

  it.each(["cosine", "dot", "l2"] as const)("finds vectors by %s", async (by) => {
    expect(await recallIn(300, DIM, by)).toBeGreaterThan(0.95)
    expect(await recallIn(60, 2001, by)).toBeGreaterThan(0.9)
  })

  it("is kept by the server, which may stop in between, and is searched and extended again", async () => {
    const one = await buildIndex(vectors, { dim: DIM, index: "pgvector" })
    one.remove([3, 4])
    const file = await one.save()
    const before = await one.search(queries, 10)
    await one.close()
    await postgres.kill()
    await postgres.start()
    expect(file.length).toBeLessThan(4096)
    const again = await loadIndex(file)
    expect(again.kernel).toBe("PostgreSQL")
    expect(await again.search(queries, 10)).toEqual(before)
    again.add(queries)
    const own = await again.search(queries, 1)
    expect(own.map(({ rows }) => rows[0])).toEqual(Array.from({ length: 30 }, (_, q) => 500 + q))
    await again.close()
    await expect(loadIndex(file)).rejects.toThrow(
      "index pgvector: its table has 530 vectors, but the index was saved with 500. Set ORBITRANK_PGVECTOR to the database in which the index was saved, or build the index again."
    )
  })

  it("leaves a table behind only if it was saved", async () => {
    const { openServer } = await import("../../../src/ops/retrieve/pgvector/server.ts")
    const database = await openServer(process.env)
    const tables = async () => {
      const [{ count }] = await database.transaction((query) =>
        query("SELECT count(*)::integer AS count FROM pg_tables WHERE tablename LIKE 'orbitrank_index_%'")
      )
      return Number(count)
    }
    const before = await tables()
    const one = await buildIndex(vectors, { dim: DIM, index: "pgvector" })
    await one.search(queries, 1)
    expect(await tables()).toBe(before + 1)
    await one.close()
    expect(await tables()).toBe(before)
    const two = await buildIndex(vectors, { dim: DIM, index: "pgvector" })
    await two.save()
    await two.close()
    expect(await tables()).toBe(before + 1)
    await database.close()
  })

  it("says in one message that the user or the password is wrong, or that the table is missing", async () => {
    const one = await buildIndex(vectors, { dim: DIM, index: "pgvector" })
    const file = await one.save()
    await one.close()
    process.env.ORBITRANK_PGVECTOR = postgres.url.replace("/postgres", "/template1")
    await expect(loadIndex(file)).rejects.toThrow("index pgvector: the database does not have its table. Set")
    process.env.ORBITRANK_PGVECTOR = postgres.url.replace(PASSWORD, "wrong")
    await expect(loadIndex(file)).rejects.toThrow(
      /^PostgreSQL at .*: refuses the user or the password. Check both in the address.$/
    )
    process.env.ORBITRANK_PGVECTOR = postgres.url
  })
})
