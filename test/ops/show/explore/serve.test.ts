import { readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { request, type Server } from "node:http"
import type { AddressInfo } from "node:net"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { explorerServer, openExplorer, type ServeOptions } from "../../../../src/ops/show/explore/serve.ts"
import { type Explored, explored } from "../../../browser/explored.ts"

const LOCAL: ServeOptions = { token: undefined, hosts: ["127.0.0.1", "localhost"] }
const servers: Array<Server> = []
let made: Explored
let folder = ""
beforeAll(async () => {
  made = await explored(20)
  folder = fileURLToPath(new URL(".", made.url)).replace(/\/$/, "")
})
afterAll(() => {
  for (const server of servers) server.close()
  rmSync(made.home, { recursive: true, force: true })
})

const listening = async (options: ServeOptions): Promise<number> => {
  const server = explorerServer(await openExplorer(folder), options)
  servers.push(server)
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done))
  return (server.address() as AddressInfo).port
}

interface Told {
  readonly status: number
  readonly body: Buffer
  readonly headers: Readonly<Record<string, unknown>>
}

/** A request whose path is sent as it is: `fetch` would tidy up `..`. */
const ask = (
  port: number,
  path: string,
  { headers = {}, method = "GET", body }: { headers?: Record<string, string>; method?: string; body?: Uint8Array } = {}
): Promise<Told> =>
  new Promise((done, failed) => {
    const asked = request({ host: "127.0.0.1", port, path, method, headers }, (answer) => {
      const pieces: Array<Buffer> = []
      answer.on("data", (piece: Buffer) => pieces.push(piece))
      answer.on("end", () =>
        done({ status: answer.statusCode ?? 0, body: Buffer.concat(pieces), headers: answer.headers })
      )
    })
    asked.on("error", failed)
    asked.end(body)
  })

const bytesOf = (values: Float64Array) => new Uint8Array(values.buffer)
const numbersIn = (body: Buffer) => new Float64Array(Uint8Array.from(body).buffer)

describe("the server of an explorer", () => {
  it("serves the page, whose policy allows connections to itself alone", async () => {
    const port = await listening(LOCAL)
    const { body, headers, status } = await ask(port, "/")
    expect([status, headers["content-type"]]).toEqual([200, "text/html; charset=utf-8"])
    expect(String(headers["content-security-policy"])).toContain("connect-src 'self'")
    expect(String(body)).not.toContain("Content-Security-Policy")
    for (const file of ["/page.js", "/page.css", "/data/images-0000.js", "/sheets/00000.webp"])
      expect([file, (await ask(port, file)).status]).toEqual([file, 200])
    expect(String((await ask(port, "/data/contents.js")).body)).toContain('"served":true')
  })

  it("searches as the page does by itself", async () => {
    const port = await listening(LOCAL)
    const { index, names } = await openExplorer(folder)
    const [vector] = await index.vectors([5])
    const sent = await ask(port, "/api/vectors", { method: "POST", body: bytesOf(Float64Array.of(5)) })
    expect(numbersIn(sent.body)).toEqual(vector)
    const scores = await ask(port, "/api/cosines", { method: "POST", body: bytesOf(vector) })
    expect(numbersIn(scores.body)).toEqual(await index.cosines(vector))
    const { results } = JSON.parse(String((await ask(port, `/api/search?like=${names[5]}&top=3`)).body))
    const all = await index.cosines(vector)
    const order = [...names.keys()].filter((i) => i !== 5).sort((a, b) => all[b] - all[a])
    expect(results.map(({ name }: { name: string }) => name)).toEqual(order.slice(0, 3).map((i) => names[i]))
    const odd = encodeURIComponent(names[4])
    expect((await ask(port, `/api/search?like=${odd}&unlike=${names[1]}`)).status).toBe(200)
  })

  it("refuses other files, other hosts, wrong numbers and wrong names", async () => {
    writeFileSync(join(made.home, "secret.js"), "secret")
    symlinkSync(join(made.home, "secret.js"), join(folder, "data", "link.js"))
    const port = await listening(LOCAL)
    const paths = [
      "/../secret.js",
      "/data/../../secret.js",
      "/data/%2e%2e/%2e%2e/secret.js",
      "/data/link.js",
      "/record.json",
      "/data/",
      "//etc/passwd",
      "/data/..%5csecret.js"
    ]
    for (const path of paths) {
      const { body, status } = await ask(port, path)
      expect([path, status, String(body).includes("secret")]).toEqual([path, 404, false])
    }
    expect((await ask(port, "/", { headers: { host: "evil.example" } })).status).toBe(403)
    // A path that looks like an address does not change the host.
    expect((await ask(port, "//localhost/index.html", { headers: { host: "evil.example" } })).status).toBe(403)
    expect((await ask(port, "http://localhost/index.html", { headers: { host: "evil.example" } })).status).toBe(400)
    expect((await ask(port, "/", { method: "PUT" })).status).toBe(405)
    const posts: ReadonlyArray<readonly [string, Uint8Array]> = [
      ["/api/cosines", bytesOf(Float64Array.of(1))],
      ["/api/cosines", Uint8Array.of(1, 2, 3)],
      ["/api/cosines", bytesOf(new Float64Array(16).fill(Number.NaN))],
      ["/api/cosines", new Uint8Array(2 ** 20 + 8)],
      ["/api/vectors", bytesOf(Float64Array.of(20))],
      ["/api/vectors", bytesOf(Float64Array.of(0.5))]
    ]
    for (const [path, body] of posts) expect((await ask(port, path, { method: "POST", body })).status).toBe(400)
    expect((await ask(port, "/api/search?like=nobody")).status).toBe(404)
    expect((await ask(port, "/api/search")).status).toBe(400)
    expect((await ask(port, "/api/search?like=image-0001&top=-1")).status).toBe(400)
  })

  it("asks for its token with every request, and takes it from header, address or cookie", async () => {
    const port = await listening({ token: "0123456789", hosts: undefined })
    expect((await ask(port, "/")).status).toBe(401)
    expect((await ask(port, "/data/images-0000.js", { headers: { cookie: "orbitrank=012345678" } })).status).toBe(401)
    const first = await ask(port, "/?token=0123456789")
    expect(first.status).toBe(200)
    const [cookie] = first.headers["set-cookie"] as ReadonlyArray<string>
    expect(cookie).toMatch(/HttpOnly; SameSite=Strict/)
    expect((await ask(port, "/page.js", { headers: { cookie: cookie.split(";")[0] } })).status).toBe(200)
    expect((await ask(port, "/page.js", { headers: { authorization: "Bearer 0123456789" } })).status).toBe(200)
  })

  it("says what is wrong with a folder that holds no explorer", async () => {
    await expect(openExplorer(made.home)).rejects.toThrow(/contents\.js: cannot be read/)
    expect(readFileSync(join(folder, "index.html"), "utf8")).toContain("Content-Security-Policy")
  })
})
