/** The database of a cluster: durable queues, and a table of the workers. */
import { isIP } from "node:net"
import { Cause, Effect, Layer, Logger } from "effect"
import { PersistedQueue } from "effect/persistence"
import type { SqlClient } from "effect/sql"
import { optionalPackage } from "../../pipeline/packages.ts"
import { messageOf } from "../../pipeline/words.ts"
import { RunError } from "../run-error.ts"
import { type Address, serverOf } from "./address.ts"

/** The driver is an optional package. */
const driver = Effect.tryPromise({
  try: () => optionalPackage("@effect/sql-pg", "clusters", RunError, () => import("@effect/sql-pg")),
  catch: (cause) => cause as RunError
})

/** Every error below an error, the outermost first. */
function* chain(error: unknown): Generator<Error & { readonly code?: unknown }> {
  for (let at = error, depth = 0; at instanceof Error && depth < 20; depth++) {
    yield at
    at = "reason" in at && at.reason instanceof Error ? at.reason : at.cause
  }
}

/** Causes by the codes of PostgreSQL and of sockets, in words. */
const KNOWN: ReadonlyArray<readonly [RegExp, string, string]> = [
  [/^(28P01|28000)$/, "refuses the user or the password", "Check both in the address"],
  [/^3D000$/, "has no database of that name", "Create it with `createdb`, or name another one in the address"],
  [
    /^42501$/,
    "does not let this user create or write tables",
    "Grant CREATE on the schema to this user, or use another user"
  ],
  [/^ENOTFOUND|^EAI_AGAIN/, "is at a host that cannot be found", "Check the host in the address"],
  [
    /^(ECONNREFUSED|ECONNRESET|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|EPIPE)$/,
    "does not answer",
    "Check host and port in the address, that the server runs, and that no firewall is between"
  ],
  [
    /CERT|SELF_SIGNED|ERR_TLS|UNABLE_TO/,
    "has a certificate that is not trusted for this host",
    "Name the certificates with `sslrootcert=FILE`, or give `sslmode` in the address"
  ]
]

/** A failure of the database as one message, which never holds the address. */
export const databaseError = (address: Address, cause: unknown): RunError => {
  if (cause instanceof RunError) return cause
  const all = [...chain(cause)]
  for (const { code, message } of all) {
    const known = KNOWN.find(([pattern]) => pattern.test(String(code ?? "")))
    if (known !== undefined) {
      const [, problem, remedy] = known
      return new RunError({ subject: serverOf(address), problem, remedy })
    }
    if (/password|authentication/i.test(message)) {
      return new RunError({ subject: serverOf(address), problem: KNOWN[0][1], remedy: KNOWN[0][2] })
    }
  }
  const last = all.at(-1)
  return new RunError({
    subject: serverOf(address),
    problem: `cannot be used (${last === undefined ? messageOf(cause) : last.message})`,
    remedy: "Check the address and the server"
  })
}

/** Tables of the cluster begin with this. */
export const QUEUE_TABLE = "orbitrank_queue"

/** Milliseconds after which a silent worker counts as gone, and its range is given to another one. */
const SETTINGS = {
  tableName: QUEUE_TABLE,
  pollInterval: "250 millis",
  lockRefreshInterval: "5 seconds",
  lockExpiration: "20 seconds"
} as const

const sslOf = ({ authority, host, ssl }: Address) => {
  if (ssl === "disable") return false
  if (ssl === "require") return { rejectUnauthorized: false }
  // The name that the certificate must have; TLS takes no addresses as server names.
  const name = isIP(host) === 0 ? { servername: host } : { host }
  return { rejectUnauthorized: true, ...name, ...(authority === undefined ? {} : { ca: authority }) }
}

/** What a cluster uses of its database. */
type Services = PersistedQueue.PersistedQueueFactory | SqlClient.SqlClient

/** Queues and tables in the database. Fails with one message if it cannot be used. */
export const database = (address: Address): Layer.Layer<Services, RunError> => {
  const { database: name, host, password, port, username } = address
  const opened = Effect.map(driver, ({ PgClient }) => {
    const client = PgClient.layer({
      ...{ host, port, database: name, username, ssl: sslOf(address) },
      ...(password === undefined ? {} : { password }),
      ...{ applicationName: "orbitrank", maxConnections: 5, connectTimeout: "10 seconds" }
    })
    const queues = PersistedQueue.layer.pipe(Layer.provide(PersistedQueue.layerStoreSql(SETTINGS)))
    return Layer.provideMerge(queues, client)
  })
  return Layer.unwrap(opened).pipe(
    // Warnings about retries would stand between the lines of progress.
    Layer.provide(Logger.layer([])),
    Layer.catchCause((cause) => Layer.effectContext(Effect.fail(databaseError(address, Cause.squash(cause)))))
  )
}

/** Repeats what the database does not do while it is away. */
export const persistently = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, never, R> =>
  Effect.catchCause(effect, (cause) =>
    Cause.hasInterruptsOnly(cause)
      ? Effect.failCause(cause as Cause.Cause<never>)
      : Effect.andThen(Effect.sleep("1 second"), persistently(effect))
  )
