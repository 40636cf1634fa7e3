/**
 * A real PostgreSQL for tests, on loopback, with a password. Its programs come from the folder that POSTGRES_BIN names, or else
 * from the folder where Debian installs them.
 */
import { type ChildProcess, execFileSync, spawn } from "node:child_process"
import {
  appendFileSync,
  chmodSync,
  chownSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  writeFileSync
} from "node:fs"
import { createServer } from "node:net"
import { tmpdir } from "node:os"
import { basename, join } from "node:path"

const HOME = "/usr/lib/postgresql"

/** The folder of its programs; undefined if it is not installed. */
export const binaries: string | undefined =
  process.env.POSTGRES_BIN ??
  (existsSync(HOME)
    ? readdirSync(HOME)
        .map((version) => join(HOME, version, "bin"))
        .filter((bin) => existsSync(join(bin, "initdb")))
        .at(-1)
    : undefined)

/** Whether an extension can be created in its databases. */
export const hasExtension = (name: string): boolean => {
  if (binaries === undefined) return false
  const shares = [
    join(binaries, "../share/postgresql"),
    binaries.replace("/usr/lib/", "/usr/share/").replace(/\/bin$/, "")
  ]
  return shares.some((share) => existsSync(join(share, "extension", `${name}.control`)))
}

/** The server refuses root. */
const unprivileged = process.getuid?.() === 0 ? { uid: 65534, gid: 65534 } : {}

export const PASSWORD = "s3cret-of-the-test"

const freePort = (): Promise<number> =>
  new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const address = server.address()
      server.close(() => resolve(typeof address === "object" && address !== null ? address.port : 0))
    })
  })

export interface Postgres {
  readonly url: string
  readonly port: number
  readonly start: () => Promise<void>
  /** Ends it at once, as a power cut does. */
  readonly kill: () => Promise<void>
  readonly remove: () => Promise<void>
}

/** @param tls files of a certificate and its key; without them, the server does not encrypt */
export const openPostgres = async (tls?: { readonly certificate: string; readonly key: string }): Promise<Postgres> => {
  const bin = binaries ?? "no PostgreSQL"
  const home = mkdtempSync(join(tmpdir(), "orbitrank-postgres-"))
  const data = join(home, "data")
  mkdirSync(data)
  const secret = join(home, "password")
  writeFileSync(secret, PASSWORD)
  if (unprivileged.uid !== undefined)
    for (const path of [home, data, secret]) chownSync(path, unprivileged.uid, unprivileged.gid)
  const init = ["-D", data, "-U", "orbitrank", "--auth=scram-sha-256", `--pwfile=${secret}`, "-N"]
  execFileSync(join(bin, "initdb"), init, { ...unprivileged, stdio: "pipe", cwd: home })
  const port = await freePort()
  const own = tls === undefined ? [] : [tls.certificate, tls.key].map((path) => [path, join(home, basename(path))])
  for (const [path, copy] of own) {
    copyFileSync(path, copy)
    chmodSync(copy, 0o600)
    if (unprivileged.uid !== undefined) chownSync(copy, unprivileged.uid, unprivileged.gid)
  }
  const encrypted =
    own.length === 0 ? [] : ["-c", "ssl=on", "-c", `ssl_cert_file=${own[0][1]}`, "-c", `ssl_key_file=${own[1][1]}`]
  if (tls !== undefined) appendFileSync(join(data, "pg_hba.conf"), "host all all 127.0.0.0/8 scram-sha-256\n")
  let server: ChildProcess | undefined
  const start = async () => {
    const options = [
      "-D",
      data,
      "-p",
      String(port),
      "-h",
      tls === undefined ? "127.0.0.1" : "127.0.0.1,127.0.0.2",
      "-k",
      "",
      "-F",
      ...encrypted
    ]
    const started = spawn(join(bin, "postgres"), options, {
      ...unprivileged,
      cwd: home,
      stdio: ["ignore", "ignore", "pipe"]
    })
    server = started
    await new Promise<void>((resolve, reject) => {
      let said = ""
      started.stderr?.on("data", (text: Buffer) => {
        said += text
        if (said.includes("ready to accept connections")) resolve()
      })
      started.on("exit", () => reject(new Error(said)))
    })
  }
  const kill = () =>
    new Promise<void>((resolve) => {
      if (server === undefined || server.exitCode !== null) return resolve()
      server.on("exit", () => resolve())
      server.kill("SIGQUIT")
    })
  await start()
  const remove = async () => {
    await kill()
    rmSync(home, { recursive: true, force: true })
  }
  return { url: `postgres://orbitrank:${PASSWORD}@127.0.0.1:${port}/postgres`, port, start, kill, remove }
}
