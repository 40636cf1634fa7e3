/** The address of the cluster's database. It may hold a password, so it is read from the environment or a private file only. */
import { readFileSync, statSync } from "node:fs"
import { isIP } from "node:net"
import { Redacted } from "effect"
import { RunError } from "../run-error.ts"

/** The variable that holds the address, and the one that names a file with it. */
export const ADDRESS = "ORBITRANK_CLUSTER"
export const ADDRESS_FILE = "ORBITRANK_CLUSTER_FILE"

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
  /** Text of the certificates that are trusted, if not those of the system. */
  readonly authority: string | undefined
}

/** The server as messages name it: without user and password. */
export const serverOf = ({ database, host, port }: Address): string =>
  `PostgreSQL at ${host.includes(":") ? `[${host}]` : host}:${port}/${database}`

const refuse = (subject: string, problem: string, remedy: string, cause?: unknown): RunError =>
  new RunError({ subject, problem, remedy, cause })

const EXAMPLE = "Give an address such as postgres://USER:PASSWORD@HOST:5432/DATABASE?sslmode=verify-full"

const isLoopback = (host: string): boolean =>
  host === "localhost" || host === "::1" || (isIP(host) === 4 && host.startsWith("127."))

const readPrivately = (path: string): string => {
  try {
    const { mode } = statSync(path)
    if (process.platform !== "win32" && (mode & 0o077) !== 0) {
      throw refuse(path, "can be read by other users, and may hold a password", `Run \`chmod 600 ${path}\``)
    }
    return readFileSync(path, "utf8").trim()
  } catch (cause) {
    if (cause instanceof RunError) throw cause
    throw refuse(path, "cannot be read", `Name a file with the address in ${ADDRESS_FILE}`, cause)
  }
}

const certificate = (path: string): string => {
  try {
    return readFileSync(path, "utf8")
  } catch (cause) {
    throw refuse(path, "cannot be read, but `sslrootcert` names it", "Give the path of a file of certificates", cause)
  }
}

/** Reads the parts of an address. No message shows the address itself. */
export const parseAddress = (text: string, from: string): Address => {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url === undefined || !/^postgres(ql)?:$/.test(url.protocol) || url.hostname === "") {
    throw refuse(from, "is not the address of a PostgreSQL database", EXAMPLE)
  }
  const host = url.hostname.replace(/^\[(.*)\]$/, "$1")
  const given = url.searchParams.get("sslmode")
  const ssl = given ?? (isLoopback(host) ? "disable" : "verify-full")
  const mode = MODES.find((one) => one === ssl)
  if (mode === undefined) throw refuse(from, `has an unknown sslmode`, `Use one of ${MODES.join(", ")}`)
  const root = url.searchParams.get("sslrootcert")
  const decoded = (part: string): string => {
    try {
      return decodeURIComponent(part)
    } catch (cause) {
      throw refuse(
        from,
        "has a part that is not percent-encoded text",
        "Encode special characters, as in %40 for @",
        cause
      )
    }
  }
  const username = decoded(url.username)
  const database = decoded(url.pathname.slice(1))
  if (username === "" || database === "") throw refuse(from, "names no user or no database", EXAMPLE)
  return {
    host,
    port: url.port === "" ? 5432 : Number(url.port),
    database,
    username,
    password: url.password === "" ? undefined : Redacted.make(decoded(url.password)),
    ssl: mode,
    authority: root === null ? undefined : certificate(root)
  }
}

/** The address, or undefined if the environment has none. Processes that are started later do not find it there. */
export const addressFrom = (environment: NodeJS.ProcessEnv): Address | undefined => {
  const { [ADDRESS]: text, [ADDRESS_FILE]: file } = environment
  delete environment[ADDRESS]
  if (text !== undefined) return parseAddress(text, ADDRESS)
  return file === undefined ? undefined : parseAddress(readPrivately(file), file)
}

/** @throws RunError if the environment has no address */
export const neededAddress = (environment: NodeJS.ProcessEnv): Address => {
  const address = addressFrom(environment)
  if (address !== undefined) return address
  throw refuse(
    "--cluster",
    "no database is given",
    `Set ${ADDRESS} to its address, or ${ADDRESS_FILE} to a file of mode 600 that holds it`
  )
}
