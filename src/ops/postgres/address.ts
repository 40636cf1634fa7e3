/** The address of a PostgreSQL database. It may hold a password, so it is read from the environment or a private file only. */
import { Redacted } from "effect"
import { builtin } from "../../pipeline/builtin.ts"
import type { Explanation } from "../../pipeline/explained.ts"

/** Class of the errors of one task that uses a database. */
export type FaultClass<E extends Error = Error> = new (args: Explanation) => E

/** How a connection is encrypted, by the names of PostgreSQL: with `verify-full`, the server proves its name. */
export type SslMode = "disable" | "require" | "verify-full"
const MODES: ReadonlyArray<SslMode> = ["disable", "require", "verify-full"]

export interface Address {
  readonly host: string
  readonly port: number
  readonly database: string
  readonly username: string
  readonly password: Redacted.Redacted | undefined
  readonly ssl: SslMode
  /** Text of the certificates that are trusted; undefined for the certificates of the system. */
  readonly authority: string | undefined
}

/** The server as messages name it: without user and password. */
export const serverOf = ({ database, host, port }: Address): string =>
  `PostgreSQL at ${host.includes(":") ? `[${host}]` : host}:${port}/${database}`

const EXAMPLE = "Give an address such as postgres://USER:PASSWORD@HOST:5432/DATABASE?sslmode=verify-full"

const fs = () => builtin<typeof import("node:fs")>("fs")

/** Version of the Internet protocol that an address of a host belongs to; 0 for a name. */
export const isIP = (host: string): number => builtin<typeof import("node:net")>("net").isIP(host)

const isLoopback = (host: string): boolean =>
  host === "localhost" || host === "::1" || (isIP(host) === 4 && host.startsWith("127."))

/** Text of a private file. @param variable that names the file */
const readPrivately = (path: string, variable: string, Fault: FaultClass): string => {
  const refuse = (problem: string, remedy: string, cause?: unknown) =>
    new Fault({ subject: path, problem, remedy, cause })
  try {
    const { mode } = fs().statSync(path)
    if (process.platform !== "win32" && (mode & 0o077) !== 0) {
      throw refuse("can be read by other users, and may hold a password", `Run \`chmod 600 ${path}\``)
    }
    return fs().readFileSync(path, "utf8").trim()
  } catch (cause) {
    if (cause instanceof Fault) throw cause
    throw refuse("cannot be read", `Name a file with the address in ${variable}`, cause)
  }
}

const certificate = (path: string, Fault: FaultClass): string => {
  try {
    return fs().readFileSync(path, "utf8")
  } catch (cause) {
    const problem = "cannot be read, but `sslrootcert` names it"
    throw new Fault({ subject: path, problem, remedy: "Give the path of a file of certificates", cause })
  }
}

/**
 * Reads the parts of an address. No message shows the address itself.
 *
 * @param from variable or file that holds it, for messages
 * @param Fault class of the errors
 */
export const parseAddress = (text: string, from: string, Fault: FaultClass): Address => {
  const refuse = (problem: string, remedy: string, cause?: unknown) =>
    new Fault({ subject: from, problem, remedy, cause })
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url === undefined || !/^postgres(ql)?:$/.test(url.protocol) || url.hostname === "") {
    throw refuse("is not the address of a PostgreSQL database", EXAMPLE)
  }
  const host = url.hostname.replace(/^\[(.*)\]$/, "$1")
  const given = url.searchParams.get("sslmode")
  const ssl = given ?? (isLoopback(host) ? "disable" : "verify-full")
  const mode = MODES.find((one) => one === ssl)
  if (mode === undefined) throw refuse(`has an unknown sslmode`, `Use one of ${MODES.join(", ")}`)
  const root = url.searchParams.get("sslrootcert")
  const decoded = (part: string): string => {
    try {
      return decodeURIComponent(part)
    } catch (cause) {
      throw refuse("has a part that is not percent-encoded text", "Encode special characters, as in %40 for @", cause)
    }
  }
  const username = decoded(url.username)
  const database = decoded(url.pathname.slice(1))
  if (username === "" || database === "") throw refuse("names no user or no database", EXAMPLE)
  return {
    host,
    port: url.port === "" ? 5432 : Number(url.port),
    database,
    username,
    password: url.password === "" ? undefined : Redacted.make(decoded(url.password)),
    ssl: mode,
    authority: root === null ? undefined : certificate(root, Fault)
  }
}

/**
 * The address in a variable, or in the file that the variable `VARIABLE_FILE` names; undefined if neither is set.
 *
 * @param variable name of the variable
 * @param Fault class of the errors
 */
export const addressIn = (environment: NodeJS.ProcessEnv, variable: string, Fault: FaultClass): Address | undefined => {
  const { [variable]: text, [`${variable}_FILE`]: file } = environment
  if (text !== undefined) return parseAddress(text, variable, Fault)
  return file === undefined ? undefined : parseAddress(readPrivately(file, `${variable}_FILE`, Fault), file, Fault)
}
