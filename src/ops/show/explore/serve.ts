/** Serves an explorer over HTTP and searches in Node, for archives that are too large for a page. */
import { createHash, timingSafeEqual } from "node:crypto"
import { readFileSync } from "node:fs"
import { readFile, realpath, stat } from "node:fs/promises"
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http"
import { extname, join, sep } from "node:path"
import { messageOf } from "../../../pipeline/words.ts"
import { ShowError } from "../show-error.ts"
import { partText } from "./folder.ts"
import { policyOf } from "./html.ts"
import { viewOf } from "./kit/address.ts"
import { type Contents, type ImagesPart, PIECE, partName } from "./kit/contents.ts"
import { type Index, localIndex } from "./kit/index.ts"
import { best, queryOf } from "./kit/query.ts"

/** An explorer that is served. */
interface Explorer {
  readonly folder: string
  readonly contents: Contents
  readonly names: ReadonlyArray<string>
  readonly index: Index
}

/**
 * The value that a script of the data hands to the page.
 *
 * @throws ShowError if there is no such script
 */
export const partIn = (folder: string, name: string): unknown => {
  const path = join(folder, "data", `${name}.js`)
  try {
    const text = readFileSync(path, "utf8")
    const head = `orbitrank(${JSON.stringify(name)},`
    if (!text.startsWith(head)) throw new Error("it is not a part of an explorer")
    return JSON.parse(text.slice(head.length, text.lastIndexOf(")")))
  } catch (cause) {
    throw new ShowError({
      subject: path,
      problem: `cannot be read (${messageOf(cause)})`,
      remedy: "Give the folder of an explorer, as configs/explore.yaml writes it",
      cause
    })
  }
}

/**
 * Reads the names and vectors of an explorer.
 *
 * @throws ShowError if the folder does not hold one
 */
export const openExplorer = async (folder: string): Promise<Explorer> => {
  const contents = partIn(folder, "contents") as Contents
  const index = localIndex(contents)
  for (const [number, rows] of contents.pieces.entries())
    await index.add(partIn(folder, partName("vectors", number)) as string, rows)
  await index.prepare()
  const pieces = Array.from({ length: Math.ceil(contents.count / PIECE) }, (_, number) => partName("images", number))
  const names = pieces.flatMap((name) => (partIn(folder, name) as ImagesPart).names)
  return { folder, contents, names, index }
}

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".webp": "image/webp"
}

/** Longest body of a question: the vector of a query. */
const MOST_BYTES = 2 ** 20

interface Answer {
  readonly status: number
  readonly type?: string
  readonly body?: string | Uint8Array
}

const refused = (status: number, why: string): Answer => ({
  status,
  type: "text/plain; charset=utf-8",
  body: `${why}\n`
})

const bodyOf = async (request: IncomingMessage): Promise<Float64Array | undefined> => {
  const pieces: Array<Buffer> = []
  let length = 0
  for await (const piece of request as AsyncIterable<Buffer>) {
    length += piece.length
    if (length > MOST_BYTES) return undefined
    pieces.push(piece)
  }
  if (length % 8 !== 0) return undefined
  return new Float64Array(Uint8Array.from(Buffer.concat(pieces)).buffer)
}

const numbers = (values: Float64Array): Answer => ({
  status: 200,
  type: "application/octet-stream",
  body: new Uint8Array(values.buffer, values.byteOffset, values.byteLength)
})

const joined = (vectors: ReadonlyArray<Float64Array>, dim: number): Float64Array => {
  const all = new Float64Array(vectors.length * dim)
  vectors.forEach((vector, i) => {
    all.set(vector, i * dim)
  })
  return all
}

/** Answers the questions of the page: vectors of images, and cosines of a query. */
const answerPage = async ({ contents, index }: Explorer, path: string, request: IncomingMessage): Promise<Answer> => {
  const values = await bodyOf(request)
  if (values === undefined || !values.every(Number.isFinite)) return refused(400, "Send float64 numbers, at most 1 MB")
  if (path === "/api/cosines") {
    if (values.length !== contents.dim) return refused(400, `Send ${contents.dim} numbers`)
    return numbers(await index.cosines(values))
  }
  if (!values.every((image) => Number.isInteger(image) && image >= 0 && image < contents.count))
    return refused(400, `Send numbers of images below ${contents.count}`)
  return numbers(joined(await index.vectors([...values]), contents.dim))
}

/** Answers a search by names, for programs: `api/search?like=A,B&unlike=C&top=10`. */
const answerSearch = async ({ contents, index, names }: Explorer, query: string): Promise<Answer> => {
  const { like, unlike } = viewOf(query)
  const top = Number(new URLSearchParams(query).get("top") ?? 10)
  if (!(Number.isInteger(top) && top > 0)) return refused(400, "`top` must be a positive integer")
  const imagesOf = (wanted: ReadonlyArray<string>) => wanted.map((name) => names.indexOf(name))
  const [near, away] = [imagesOf(like), imagesOf(unlike)]
  const strange = [...like, ...unlike].find((_, i) => [...near, ...away][i] < 0)
  if (strange !== undefined) return refused(404, `No image has the name ${strange}`)
  if (near.length + away.length === 0) return refused(400, "Give `like=NAME` or `unlike=NAME`")
  const scores = await index.cosines(queryOf(await index.vectors(near), await index.vectors(away)))
  const found = best(scores, undefined, new Set([...near, ...away]), Math.min(top, contents.count))
  const results = Array.from(found, (image, i) => ({ rank: i + 1, name: names[image], score: scores[image] }))
  return { status: 200, type: "application/json", body: `${JSON.stringify({ like, unlike, results }, null, 2)}\n` }
}

/** A file of the explorer's folder. Links that lead out of it, and all files that are not part of a page, are refused. */
const answerFile = async ({ contents, folder }: Explorer, path: string): Promise<Answer> => {
  if (path === "/data/contents.js") {
    return { status: 200, type: TYPES[".js"], body: partText("contents", { ...contents, served: true }) }
  }
  const name = path === "/" ? "/index.html" : path
  if (!/^\/((index\.html|page\.(js|css))|(data|sheets)\/[\w-]+\.(js|webp))$/.test(name))
    return refused(404, "Not found")
  const file = join(folder, name)
  try {
    const real = await realpath(file)
    if (!real.startsWith((await realpath(folder)) + sep) || !(await stat(real)).isFile())
      return refused(404, "Not found")
    const body = await readFile(real)
    if (name !== "/index.html") return { status: 200, type: TYPES[extname(name)], body }
    // The policy in the file forbids all connections; the one that counts here comes with the answer.
    const html = body.toString("utf8").replace(/<meta http-equiv="Content-Security-Policy"[^>]*>\n?/, "")
    return { status: 200, type: TYPES[".html"], body: html }
  } catch {
    return refused(404, "Not found")
  }
}

const digest = (text: string): Buffer => createHash("sha256").update(text).digest()

/** The token that a request brings: in its header, its address or the cookie that the first answer set. */
const tokensOf = (request: IncomingMessage, url: URL): ReadonlyArray<string> => [
  request.headers.authorization?.replace(/^Bearer /, "") ?? "",
  url.searchParams.get("token") ?? "",
  /(?:^|;\s*)orbitrank=([^;]*)/.exec(request.headers.cookie ?? "")?.[1] ?? ""
]

export interface ServeOptions {
  /** Word that every request must bring; undefined if none is asked for. */
  readonly token: string | undefined
  /** Host names that requests may name; undefined for any. Names of other sites that point here are refused. */
  readonly hosts: ReadonlyArray<string> | undefined
}

const headers = (explorer: Explorer): Readonly<Record<string, string>> => ({
  "content-security-policy": policyOf("self", explorer.contents.tiles?.replace(/^(https?:\/\/[^/]+).*/, "$1")),
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "cross-origin-resource-policy": "same-origin",
  "cache-control": "no-store"
})

const answerTo = async (
  explorer: Explorer,
  { hosts, token }: ServeOptions,
  request: IncomingMessage,
  url: URL
): Promise<Answer> => {
  if (hosts !== undefined && !hosts.includes(url.hostname)) return refused(403, "This host name is not served")
  const wanted = token === undefined ? undefined : digest(token)
  if (wanted !== undefined && !tokensOf(request, url).some((one) => timingSafeEqual(digest(one), wanted)))
    return refused(401, "Open the address that the server has printed, with its token")
  if (request.method === "POST" && (url.pathname === "/api/cosines" || url.pathname === "/api/vectors"))
    return answerPage(explorer, url.pathname, request)
  if (request.method !== "GET" && request.method !== "HEAD") return refused(405, "Use GET")
  if (url.pathname === "/api/search") return answerSearch(explorer, url.search.slice(1))
  return answerFile(explorer, url.pathname)
}

/** Address of a request; undefined if it is none. The host is that of its header: a path may begin with `//` and a name. */
const urlOf = ({ headers: { host }, url = "" }: IncomingMessage): URL | undefined => {
  const address = `http://${host}${url}`
  return url.startsWith("/") && URL.canParse(address) ? new URL(address) : undefined
}

/** A server of one explorer; the caller lets it listen, and closes it. */
export const explorerServer = (explorer: Explorer, options: ServeOptions): Server => {
  const fixed = headers(explorer)
  const send = (request: IncomingMessage, response: ServerResponse, url: URL, { body, status, type }: Answer) => {
    const asked = options.token !== undefined && url.searchParams.get("token") === options.token
    response.writeHead(status, {
      ...fixed,
      ...(type === undefined ? {} : { "content-type": type }),
      ...(asked ? { "set-cookie": `orbitrank=${options.token}; HttpOnly; SameSite=Strict; Path=/` } : {})
    })
    response.end(request.method === "HEAD" ? undefined : body)
  }
  return createServer((request, response) => {
    const url = urlOf(request)
    if (url === undefined) {
      response.writeHead(400, fixed).end()
      return
    }
    answerTo(explorer, options, request, url).then(
      (answer) => send(request, response, url, answer),
      () => send(request, response, url, refused(500, "The server has failed to answer"))
    )
  })
}
