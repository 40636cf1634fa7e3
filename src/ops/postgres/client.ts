/** A client of a PostgreSQL database, and its failures in words. The driver is an optional package. */
import type * as sqlPg from "@effect/sql-pg"
import { Cause, Effect, Layer, Logger } from "effect"
import type { SqlClient } from "effect/sql"
import { optionalPackage } from "../../pipeline/packages.ts"
import { messageOf } from "../../pipeline/words.ts"
import { type Address, type FaultClass, isIP, serverOf } from "./address.ts"

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

/**
 * A failure of the database as one message, which never holds the address.
 *
 * @param Fault class of the result
 */
export const databaseError = <E extends Error>(address: Address, cause: unknown, Fault: FaultClass<E>): E => {
  if (cause instanceof Fault) return cause
  const all = [...chain(cause)]
  for (const { code, message } of all) {
    const known = KNOWN.find(([pattern]) => pattern.test(String(code ?? "")))
    if (known !== undefined) {
      const [, problem, remedy] = known
      return new Fault({ subject: serverOf(address), problem, remedy })
    }
    if (/password|authentication/i.test(message)) {
      return new Fault({ subject: serverOf(address), problem: KNOWN[0][1], remedy: KNOWN[0][2] })
    }
  }
  const last = all.at(-1)
  return new Fault({
    subject: serverOf(address),
    problem: `cannot be used (${last === undefined ? messageOf(cause) : last.message})`,
    remedy: "Check the address and the server"
  })
}

const sslOf = ({ authority, host, ssl }: Address) => {
  if (ssl === "disable") return false
  if (ssl === "require") return { rejectUnauthorized: false }
  // The name that the certificate must have; TLS takes no addresses as server names.
  const name = isIP(host) === 0 ? { servername: host } : { host }
  return { rejectUnauthorized: true, ...name, ...(authority === undefined ? {} : { ca: authority }) }
}

/**
 * Connections to a database, opened when they are needed.
 *
 * @param task that needs it, for the message if the package is missing: a plural noun such as "clusters"
 * @param Fault class of the errors
 */
export const client = <E extends Error>(
  address: Address,
  task: string,
  Fault: FaultClass<E>
): Layer.Layer<SqlClient.SqlClient, E> => {
  const { database: name, host, password, port, username } = address
  const driver = Effect.tryPromise({
    try: () => optionalPackage<typeof sqlPg>("@effect/sql-pg", task, Fault),
    catch: (cause) => cause as E
  })
  const opened = Effect.map(driver, ({ PgClient }) =>
    PgClient.layer({
      ...{ host, port, database: name, username, ssl: sslOf(address) },
      ...(password === undefined ? {} : { password }),
      ...{ applicationName: "orbitrank", maxConnections: 5, connectTimeout: "10 seconds" }
    })
  )
  return failing(Layer.unwrap(opened), address, Fault)
}

/** Every failure of a layer that uses the database as one message. */
export const failing = <A, E extends Error>(
  layer: Layer.Layer<A, unknown>,
  address: Address,
  Fault: FaultClass<E>
): Layer.Layer<A, E> =>
  layer.pipe(
    // The client logs a warning at each retry, which would break up the lines that show progress.
    Layer.provide(Logger.layer([])),
    Layer.catchCause((cause) => Layer.effectContext(Effect.fail(databaseError(address, Cause.squash(cause), Fault))))
  )
