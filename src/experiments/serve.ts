/** `npx tsx src/experiments/serve.ts [FOLDER]`: serves an explorer over HTTP, with search in Node. */
import { randomBytes } from "node:crypto"
import { resolve } from "node:path"
import { parseArgs } from "node:util"
import { explorerServer, openExplorer } from "../ops/show/explore/serve.ts"

const HELP = `Serves a folder that configs/explore.yaml has written, and searches in Node.

  npx tsx src/experiments/serve.ts [FOLDER] [--port 8000] [--host 127.0.0.1] [--token WORD]

FOLDER is outputs/explore by default. Only this computer can reach the default host. Any other host needs a token: every request
must bring it; without --token one is drawn and printed.
`

const LOOPBACK = ["127.0.0.1", "localhost", "[::1]", "::1"]

const options = {
  port: { type: "string", default: "8000" },
  host: { type: "string", default: "127.0.0.1" },
  token: { type: "string" },
  help: { type: "boolean", default: false }
} as const

/** Ends with a message for the user: 2 if the command is wrong, 1 if it fails. */
const end = (message: string, code: 1 | 2): never => {
  console.error(message)
  process.exit(code)
}

const given = () => {
  try {
    return parseArgs({ options, allowPositionals: true })
  } catch (cause) {
    return end(`${(cause as Error).message}\n\n${HELP}`, 2)
  }
}

const { positionals, values } = given()
if (values.help) {
  console.log(HELP)
  process.exit(0)
}
if (positionals.length > 1) end(`${positionals[1]}: one folder is served at a time\n\n${HELP}`, 2)
const port = Number(values.port)
if (!(Number.isInteger(port) && port >= 0 && port < 65_536))
  end(`--port ${values.port}: is not a port. Give 0 to 65535.`, 2)
if (values.token !== undefined && !/^[\w.~-]{8,}$/.test(values.token))
  end("--token: is too short or has other characters. Give at least 8 letters, digits, -, _, . or ~.", 2)

const local = LOOPBACK.includes(values.host)
const token = values.token ?? (local ? undefined : randomBytes(18).toString("base64url"))
try {
  const explorer = await openExplorer(resolve(positionals[0] ?? "outputs/explore"))
  const server = explorerServer(explorer, { token, hosts: local ? LOOPBACK : undefined })
  server.on("error", (fault) =>
    end(`${values.host}:${port}: cannot listen (${fault.message}). Choose another --port.`, 1)
  )
  server.listen(port, values.host, () => {
    const at = server.address()
    const known = typeof at === "object" && at !== null ? at.port : port
    const host = values.host.includes(":") ? `[${values.host.replace(/[[\]]/g, "")}]` : values.host
    console.log(`explorer: http://${host}:${known}/${token === undefined ? "" : `?token=${token}`}`)
  })
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => server.close(() => process.exit(0)))
} catch (cause) {
  end((cause as Error).message, 1)
}
