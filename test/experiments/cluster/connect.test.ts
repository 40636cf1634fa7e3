/** Connections to a real PostgreSQL: by TLS with a certificate of one's own, and through an outage. */
import { execFileSync } from "node:child_process"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Effect, Fiber } from "effect"
import { SqlClient } from "effect/sql"
import { TestClock } from "effect/testing"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { database, persistently } from "../../../src/experiments/cluster/connect.ts"
import { RunError } from "../../../src/experiments/run-error.ts"
import { parseAddress } from "../../../src/ops/postgres/address.ts"
import { effect } from "../../effect.ts"
import { binaries, openPostgres, PASSWORD, type Postgres } from "./postgres.ts"

describe("whatever the database does not do while it is away", () => {
  effect("is tried again every second, for more than half a minute", () =>
    Effect.gen(function* () {
      let tries = 0
      const query = Effect.suspend(() => {
        tries++
        return tries <= 35 ? Effect.fail(new Error("ECONNREFUSED")) : Effect.succeed("back")
      })
      const fiber = yield* Effect.forkChild(persistently(query))
      yield* TestClock.adjust("30 seconds")
      expect([tries, fiber.pollUnsafe()]).toEqual([31, undefined])
      yield* TestClock.adjust("5 seconds")
      expect([yield* Fiber.join(fiber), tries]).toEqual(["back", 36])
    }).pipe(Effect.provide(TestClock.layer()))
  )
})

const hasOpenssl = (() => {
  try {
    return execFileSync("openssl", ["version"]).length > 0
  } catch {
    return false
  }
})()

describe.skipIf(binaries === undefined || !hasOpenssl)("PostgreSQL with a certificate of one's own", () => {
  const home = mkdtempSync(join(tmpdir(), "orbitrank-"))
  const [certificate, key, other] = ["server.crt", "server.key", "other.crt"].map((name) => join(home, name))
  let postgres: Postgres
  const made = (names: string, into: string, keyInto: string) =>
    execFileSync(
      "openssl",
      [
        ...["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=test"],
        ...["-addext", `subjectAltName=${names}`, "-out", into, "-keyout", keyInto]
      ],
      { stdio: "pipe" }
    )

  beforeAll(async () => {
    made("DNS:localhost,IP:127.0.0.1", certificate, key)
    made("DNS:localhost", other, join(home, "other.key"))
    postgres = await openPostgres({ certificate, key })
  })
  afterAll(async () => {
    await postgres?.remove()
    rmSync(home, { recursive: true, force: true })
  })

  /** Whether the connection is encrypted, or the message of its failure. */
  const connected = (host: string, query: string): Promise<unknown> => {
    const address = parseAddress(
      `postgres://orbitrank:${PASSWORD}@${host}:${postgres.port}/postgres?${query}`,
      "ORBITRANK_CLUSTER",
      RunError
    )
    const asked = Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const [row] = yield* sql<{ readonly ssl: boolean }>`SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()`
      return row.ssl
    })
    return Effect.runPromise(
      Effect.provide(asked, database(address)).pipe(Effect.catch((error) => Effect.succeed(error.message)))
    )
  }

  it("is trusted by its root certificate, for its names and addresses only", async () => {
    const root = `sslrootcert=${certificate}`
    expect(await connected("localhost", `sslmode=verify-full&${root}`)).toBe(true)
    expect(await connected("127.0.0.1", `sslmode=verify-full&${root}`)).toBe(true)
    expect(await connected("127.0.0.1", "sslmode=require")).toBe(true)
    expect(await connected("127.0.0.1", "sslmode=disable")).toBe(false)
    for (const query of ["sslmode=verify-full", `sslmode=verify-full&sslrootcert=${other}`]) {
      expect(await connected("localhost", query)).toMatch("has a certificate that is not trusted for this host")
    }
  })

  it("is refused if the certificate has another name", async () => {
    // The same server under a name that its certificate lacks.
    expect(await connected("127.0.0.2", `sslmode=verify-full&sslrootcert=${certificate}`)).toMatch(
      "has a certificate that is not trusted for this host"
    )
  })
})
