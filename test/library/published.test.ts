/** The package as its users get it: packed, installed into empty projects, imported, compiled, run, bundled for browsers. */
import { spawnSync } from "node:child_process"
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs"
import { createRequire } from "node:module"
import { join } from "node:path"
import { build } from "esbuild"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { describeInBrowser } from "../browser/chromium.ts"
import { ENTRIES, INSTALLED, type Published, publish, root } from "./published.ts"

let published: Published
beforeAll(() => {
  published = publish()
}, 600_000)
afterAll(() => published.remove(), 600_000)

/** Runs a module in a project with Node alone, and returns what it prints, or how it ends. */
const node = (folder: string, code: string) => {
  writeFileSync(join(folder, "program.mjs"), code)
  const { status, stderr, stdout } = spawnSync(process.execPath, ["program.mjs"], { cwd: folder, encoding: "utf8" })
  return { status, stderr, out: stdout.trim() }
}

/** Runs the command of the package. */
const orbitrank = (folder: string, ...args: ReadonlyArray<string>) => {
  const { bin } = JSON.parse(readFileSync(join(folder, "node_modules/orbitrank/package.json"), "utf8"))
  const program = join(folder, "node_modules/orbitrank", bin.orbitrank)
  return spawnSync(process.execPath, [program, ...args], { cwd: folder, encoding: "utf8" })
}

/** Entries that need no other package, in Node or in a browser. */
const PURE = ["orbitrank/metrics", "orbitrank/losses", "orbitrank/rerank", "orbitrank/search"]

describe("the tarball", () => {
  it("holds JavaScript, declarations, source maps, configurations and the licence, and no sources or tests", () => {
    const { files } = published
    for (const file of [
      "dist/index.js",
      "dist/index.d.ts",
      "dist/index.js.map",
      "configs/quickstart.yaml",
      "LICENSE"
    ]) {
      expect(files).toContain(file)
    }
    expect(files.filter((file) => /^(src|test|docs|\.ci)\/|(?<!\.d)\.ts$/.test(file))).toEqual([])
  })

  it("has source maps that hold their sources", () => {
    const map = JSON.parse(readFileSync(join(published.project, "dist/metrics.js.map"), "utf8"))
    expect(map.sourcesContent[0]).toContain("averagePrecision")
  })
})

describe("the bundle of the command", () => {
  const folder = () => join(published.project, "dist/experiments/program")
  const files = () => readdirSync(folder()).filter((name) => name.endsWith(".js"))

  it("holds no package that may be missing, and knows the places of its modules", () => {
    const text = files()
      .map((name) => readFileSync(join(folder(), name), "utf8"))
      .join("\n")
    const { peerDependenciesMeta } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"))
    for (const name of Object.keys(peerDependenciesMeta)) expect(text).not.toContain(`node_modules/${name}/`)
    expect(text).not.toContain("import.meta.dirname")
    const places = [...text.matchAll(/new URL\("([^"]+)", import\.meta\.url\)/g)].map(([, place]) => place)
    expect(places).toContain("../../ops")
    for (const place of places) expect(existsSync(join(folder(), place)), place).toBe(true)
  })

  it("comes with the licences of the packages that it holds", () => {
    const licences = readFileSync(join(folder(), "LICENSES.txt"), "utf8")
    for (const name of ["effect", "js-yaml"])
      expect(licences).toMatch(new RegExp(`^${name} [\\d.]+ \\(MIT\\)\n\n.*MIT`, "m"))
  })
})

describe("a project without any other package", () => {
  it.each(PURE)("imports %s", (entry) => {
    const { out, status, stderr } = node(
      published.install(),
      `console.log(Object.keys(await import("${entry}")).length)`
    )
    expect([status, stderr]).toEqual([0, ""])
    expect(Number(out)).toBeGreaterThan(0)
  })

  it("gets figures from plain arrays", () => {
    const code = `
      import { averagePrecision, mAP, nDCG } from "orbitrank/metrics"
      import { rank } from "orbitrank/search"
      const { order } = rank(Float32Array.of(2, 0), Float32Array.of(1, 0, 0, 1, 1, 1), { dim: 2, by: "cosine" })
      console.log(averagePrecision([1, 0, 1], [0.9, 0.5, 0.7]), nDCG([2, 0, 1], [0.9, 0.5, 0.7], 3).toFixed(3), [...order].join())
      console.log(mAP([{ relevant: [1, 0], scores: [2, 1] }, { relevant: [1, 0], scores: [1, 2] }]))`
    expect(node(published.install(), code).out).toBe("1 1.000 0,2,1\n0.625")
  })

  it("gets help, version and completions from the command, which loads nothing else", () => {
    const folder = published.install()
    const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"))
    expect(orbitrank(folder, "--version").stdout).toBe(`orbitrank ${version}\n`)
    expect(orbitrank(folder, "--help").stdout).toContain("Usage: npx orbitrank [config] [options]")
    expect(orbitrank(folder, "--completions", "bash").stdout).toContain("complete -o filenames")
  })
})

describe("a project with what npm installs along", () => {
  it.each(ENTRIES)("imports %s", (entry) => {
    const folder = published.install(...INSTALLED)
    const { out, status, stderr } = node(folder, `console.log(Object.keys(await import("${entry}")).length)`)
    expect([status, stderr]).toEqual([0, ""])
    expect(Number(out)).toBeGreaterThan(0)
  })

  it("cannot import other files by accident", () => {
    const { out } = node(
      published.install(...INSTALLED),
      `console.log(await import("orbitrank/dist/ops/run.js").catch(({ code }) => code))`
    )
    expect(out).toBe("ERR_PACKAGE_PATH_NOT_EXPORTED")
  })

  it("is told in one command what experiments need, before anything is made", () => {
    const folder = published.install(...INSTALLED)
    const needed = "npm install @tensorflow/tfjs@4.22.0 @tensorflow/tfjs-backend-wasm@4.22.0 lmdb@3.5.6 sharp@0.35.5"
    for (const more of [[], ["--check"]]) {
      const { status, stderr } = orbitrank(folder, "node_modules/orbitrank/configs/quickstart.yaml", ...more)
      expect([status, stderr]).toEqual([2, expect.stringContaining(needed)])
    }
    expect(readdirSync(folder)).not.toContain("outputs")
  })

  it("lists operators", () => {
    const { status, stdout } = orbitrank(published.install(...INSTALLED), "--operators")
    expect([status, stdout.includes("optimise")]).toEqual([0, true])
  })

  it("is told the command if a picture needs a package that is absent", () => {
    const code = `
      import { Effect, Stream } from "effect"
      import { inCode, miniature, toStream } from "orbitrank"
      const made = Stream.runDrain(toStream(miniature({ kind: "ucm", patches: 3 })))
      const services = inCode({ folder: "out", root_dir: "data", say: () => {} })
      await Effect.runPromise(made.pipe(Effect.provide(services), Effect.flip)).then(({ message }) => console.log(message))`
    const { out, stderr } = node(published.install(...INSTALLED), code)
    expect([out, stderr]).toEqual([
      "package sharp: JPEG and PNG pictures need it, but it is not installed. Run `npm install sharp@0.35.5`.",
      ""
    ])
  })

  it("runs an experiment on threads once the packages are there", () => {
    const folder = published.install(
      ...INSTALLED,
      ...["@tensorflow/tfjs", "@tensorflow/tfjs-backend-wasm", "lmdb", "sharp"]
    )
    const config = "node_modules/orbitrank/configs/quickstart.yaml"
    const small = ["--set", "prepare.miniature.patches=120", "--set", "epochs=1", "--set", "trained.rank.queries=0.5"]
    const { status, stderr } = orbitrank(folder, config, ...small, "--only", "prepare", "--json")
    expect([status, status === 0 ? "" : stderr]).toEqual([0, ""])
  })
})

describe("TypeScript", () => {
  const PROGRAM = `
import { Effect, Stream } from "effect"
import { batch, crop, type DataError, inCode, operator, read, toStream } from "orbitrank"
import { decodeNpy, type NpyArray } from "orbitrank/formats"
import { orderedMultiLabelLoss, type LossValue } from "orbitrank/losses"
import { averagePrecision, mAP } from "orbitrank/metrics"
import { expandQueries } from "orbitrank/rerank"
import { rank, type Ranked } from "orbitrank/search"

export const value: number | null = averagePrecision([1, 0], Float64Array.of(0.5, 0.2))
export const loss: LossValue = orderedMultiLabelLoss({ values: new Float32Array(4), labels: new Uint8Array(2), rows: 2 })
export const ranked: Ranked = rank(new Float32Array(2), new Float32Array(4), { dim: 2, by: "l2" })
export const expanded: Float32Array = expandQueries(new Float32Array(2), new Float32Array(4), { dim: 2, k: 1 })
export const array = (bytes: Uint8Array): NpyArray => decodeNpy(bytes, "a.npy")
export const batches = Stream.runCollect(toStream(read({ split: "test", bands: ["B04"] }).pipe(crop({ size: 64 }), batch({ size: 32 })))).pipe(
  Effect.provide(inCode({ folder: "out", root_dir: "data", say: console.log }))
)
// @ts-expect-error: steps that do not match
export const wrong = read({ split: "test", bands: ["B04"] }).pipe(batch({ size: 32 }), crop({ size: 64 }))
// @ts-expect-error: a similarity that does not exist
export const unknown = rank(new Float32Array(2), new Float32Array(4), { dim: 2, by: "cosin" })
export { mAP, operator, type DataError }
`
  it.each([
    ["NodeNext", "NodeNext"],
    ["ESNext", "Bundler"]
  ])("compiles a program with module %s and resolution %s", (module, moduleResolution) => {
    const folder = published.install(...INSTALLED, "@types/node")
    writeFileSync(join(folder, "program.ts"), PROGRAM)
    const compilerOptions = { module, moduleResolution, target: "ES2022", strict: true, noEmit: true, types: ["node"] }
    writeFileSync(
      join(folder, "tsconfig.json"),
      JSON.stringify({ compilerOptions: { ...compilerOptions, skipLibCheck: true }, files: ["program.ts"] })
    )
    const tsc = join(root, "node_modules/typescript/bin/tsc")
    const { stdout } = spawnSync(process.execPath, [tsc, "-p", folder], { cwd: folder, encoding: "utf8" })
    expect(stdout).toBe("")
  })
})

/** Bundles an entry for a browser, in a project with `packages`. */
const bundled = async (entries: ReadonlyArray<string>, packages: ReadonlyArray<string>) => {
  const contents = entries.map((entry, i) => `export * as e${i} from "${entry}"`).join("\n")
  const { metafile, outputFiles } = await build({
    stdin: { contents, resolveDir: published.install(...packages) },
    bundle: true,
    minify: true,
    write: false,
    metafile: true,
    format: "iife",
    globalName: "library",
    platform: "browser",
    logLevel: "silent"
  })
  return { code: outputFiles[0].text, bytes: outputFiles[0].contents.length, inputs: Object.keys(metafile.inputs) }
}

describe("a bundle for browsers", () => {
  it("of metrics and losses is at most 46 kB together, minified", async () => {
    const { bytes } = await bundled(["orbitrank/metrics", "orbitrank/losses"], [])
    expect(bytes).toBeLessThanOrEqual(46_000)
  })

  it("of formats names nothing of Node, and no package that only some tasks need", async () => {
    const { code, inputs } = await bundled(["orbitrank/formats"], INSTALLED)
    expect(code).not.toMatch(/(from|require\(|import\()\s*["']node:/)
    expect(inputs.filter((file) => /node_modules\/(sharp|lmdb|@tensorflow)/.test(file))).toEqual([])
  })
})

describeInBrowser("the library in Chromium", (open) => {
  const run = async (entry: string, packages: ReadonlyArray<string>, expression: string) => {
    const page = await open()
    const { code } = await bundled([entry], packages)
    await page.evaluate(`${code}; globalThis.library = library.e0; undefined`)
    const value = await page.evaluate(expression)
    await page.close()
    return value
  }

  it("computes metrics", async () => {
    const both = "[library.averagePrecision([1, 0], [0.1, 0.5]), library.ACG([2, 0, 1], [0.9, 0.5, 0.7], 2)]"
    expect(await run("orbitrank/metrics", [], both)).toEqual([0.25, 1.5])
  })

  it("computes a loss and its gradient", async () => {
    const loss = `const { gradient, value } = library.multiLabelCrossEntropyLoss(
      { values: Float32Array.of(0, 0), labels: Uint8Array.of(1, 0), rows: 1 }); [value, ...gradient]`
    expect(await run("orbitrank/losses", [], loss)).toEqual([Math.log(2), -0.25, 0.25])
  })

  it("ranks and expands queries", async () => {
    const order = "[...library.rank(Float32Array.of(2, 0), Float32Array.of(1, 0, 0, 1, 1, 1), { dim: 2 }).order]"
    expect(await run("orbitrank/search", [], order)).toEqual([0, 2, 1])
    const expanded = "[...library.expandQueries(Float32Array.of(1, 0), Float32Array.of(0, 1), { dim: 2, k: 1 })]"
    const half = Math.fround(Math.SQRT1_2)
    expect(await run("orbitrank/rerank", [], expanded)).toEqual([half, half])
  })

  it("reads the formats: npy, safetensors, PyTorch, and TIFF packed by deflate", async () => {
    const file = (path: string) => readFileSync(join(root, "test/reference", path)).toString("base64")
    const bytes = (base64: string) => `Uint8Array.from(atob("${base64}"), (one) => one.charCodeAt(0))`
    const npy = "[...library.decodeNpy(library.encodeNpy(Float32Array.of(1, 2), [2]), 'E.npy').data]"
    expect(await run("orbitrank/formats", INSTALLED, npy)).toEqual([1, 2])
    const names = `library.decodePyTorch(${bytes(file("tiny-zip.pth"))}, "tiny.pth").tensors.map(({ name }) => name)`
    const { decodePyTorch } = await import("../../src/formats.ts")
    const own = decodePyTorch(readFileSync(join(root, "test/reference/tiny-zip.pth")), "tiny.pth")
    expect(await run("orbitrank/formats", INSTALLED, names)).toEqual(own.tensors.map(({ name }) => name))
    const sharp = (await import("sharp")).default
    const pixels = Uint8Array.from({ length: 48 }, (_, i) => 5 * i)
    const tiff = await sharp(pixels, { raw: { width: 8, height: 6, channels: 1 } })
      .toColourspace("b-w")
      .tiff({ compression: "deflate", predictor: "none" })
      .toBuffer()
    const read = `library.decodeTiff(${bytes(tiff.toString("base64"))}, "a.tif").then(({ data, height }) => [height, ...data])`
    expect(await run("orbitrank/formats", INSTALLED, read)).toEqual([6, ...pixels])
  })
})

const require = createRequire(import.meta.url)

/** Where a tool is that a clone does not install; undefined if it is absent. */
const toolAt = (name: string): string | undefined => {
  try {
    return require.resolve(`${name}/package.json`)
  } catch {
    try {
      return require.resolve(name)
    } catch {
      return undefined
    }
  }
}
const without = (name: string): string => (toolAt(name) === undefined ? ` (skipped without ${name})` : "")

describe.skipIf(toolAt("publint") === undefined)(`publint${without("publint")}`, () => {
  it("finds nothing", async () => {
    const { publint } = (await import("publint" as string)) as {
      publint: (options: object) => Promise<{ messages: ReadonlyArray<{ code: string }> }>
    }
    const { messages } = await publint({ pkgDir: published.project, strict: true, pack: false })
    expect(messages.map(({ code }) => code)).toEqual([])
  })
})

const attw = toolAt("@arethetypeswrong/cli")
describe.skipIf(attw === undefined)(`attw${without("@arethetypeswrong/cli")}`, () => {
  it("finds no fault in the types", () => {
    const bin = join(attw ?? "", "../dist/index.js")
    const { status, stdout } = spawnSync(
      process.execPath,
      [bin, published.tarball, "--profile", "esm-only", "--no-color", "--no-emoji"],
      { encoding: "utf8" }
    )
    expect([status, status === 0 ? "" : stdout]).toEqual([0, ""])
  })
})

const extractor = toolAt("@microsoft/api-extractor")
describe.skipIf(extractor === undefined)(`the public surface${without("@microsoft/api-extractor")}`, () => {
  it("is what .ci/api says; `npm run api` writes it anew", async () => {
    const { entries, report } = await import("../../.ci/api.mjs")
    expect(entries.flatMap((name) => report(name, join(published.project, "dist"), false))).toEqual([])
  })
})
