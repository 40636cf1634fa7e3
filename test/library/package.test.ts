/** What package.json declares is what the source has. */
import { existsSync, readdirSync, readFileSync } from "node:fs"
import { join, relative, resolve, sep } from "node:path"
import { describe, expect, it } from "vitest"
import { DataError } from "../../src/ops/formats/data-error.ts"
import { installCommand, OPTIONAL_PACKAGES, optionalPackage, UNDECLARED } from "../../src/pipeline/packages.ts"

const root = resolve(import.meta.dirname, "../..")
const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8"))
const sources = readdirSync(join(root, "src"), { recursive: true, encoding: "utf8" })
  .filter((name) => /\.(ts|mjs)$/.test(name))
  .map((name) => ({ name, text: readFileSync(join(root, "src", name), "utf8") }))

/** Packages whose values a file imports; types alone need nothing at run time. */
const imported = (text: string): ReadonlyArray<string> =>
  [...text.matchAll(/^(?:import|export) (?!type )[^"']*?from "([^".][^"]*)"|^import "([^".][^"]*)"/gm)]
    .map(([, from, bare]) => from ?? bare)
    // A scheme names modules of Node, or those that a bundler makes.
    .filter((from) => !/^[a-z]+:/.test(from))
    .map((from) => from.match(/^(@[^/]+\/)?[^/]+/)?.[0] ?? from)

describe("the manifest", () => {
  it("has one built file per entry of the library, and no others", () => {
    const entries = Object.entries(manifest.exports as Record<string, { default?: string }>)
      .filter(([, to]) => to.default !== undefined)
      .map(([path, to]) => [path, to.default?.replace("./dist/", "").replace(".js", ".ts")])
    expect(entries.map(([, file]) => file).sort()).toEqual(
      readdirSync(join(root, "src"))
        .filter((name) => name.endsWith(".ts"))
        .sort()
    )
    expect(existsSync(join(root, "src", manifest.bin.orbitrank.replace("dist/", "").replace(".js", ".ts")))).toBe(true)
  })

  it("states the versions of optional packages that messages name, and a clone installs the same", () => {
    const optional = Object.entries(manifest.peerDependenciesMeta)
      .filter(([, meta]) => (meta as { optional: boolean }).optional)
      .map(([name]) => name)
    const declared = Object.entries(OPTIONAL_PACKAGES).filter(([name]) => !UNDECLARED.includes(name))
    expect(optional.sort()).toEqual(declared.map(([name]) => name).sort())
    for (const [name, version] of declared) {
      expect([name, manifest.peerDependencies[name]]).toEqual([name, `^${version}`])
      const inClone = manifest.devDependencies[name]
      if (inClone !== undefined) expect([name, inClone]).toEqual([name, version])
    }
  })

  it("has a dependency for every package that is imported", () => {
    const wanted = new Set(sources.flatMap(({ text }) => imported(text)))
    const [own, optional] = [manifest.dependencies, OPTIONAL_PACKAGES as Record<string, string>]
    const required = [...Object.keys(own), "effect"]
    const strangers = [...wanted].filter((name) => !required.includes(name) && !(name in optional))
    expect(strangers).toEqual([])
  })
})

it("the library exports every loss", () => {
  const textOf = (name: string) => sources.find((source) => source.name === name)?.text ?? ""
  const files = [
    ...textOf(join("ops", "train", "losses.ts")).matchAll(/^import \{ \w+ \} from "\.\/(losses\/[\w-]+\.ts)"/gm)
  ]
  expect(files.length).toBeGreaterThan(6)
  const exported = textOf("losses.ts")
  expect(files.map(([, file]) => file).filter((file) => !exported.includes(`"./ops/train/${file}"`))).toEqual([])
})

describe("optional packages", () => {
  it("are loaded where they are needed: no entry imports one, directly or through other files", () => {
    const texts = new Map(sources.map(({ name, text }) => [join(root, "src", name), text]))
    const seen = new Set<string>()
    const visit = (file: string): void => {
      if (seen.has(file)) return
      seen.add(file)
      const text = texts.get(file) ?? ""
      for (const [, to] of text.matchAll(/^(?:import|export) (?!type )[^"']*?from "(\.[^"]*)"/gm))
        visit(join(file, "..", to))
    }
    for (const file of texts.keys()) if (!relative(join(root, "src"), file).includes(sep)) visit(file)
    visit(join(root, "src/experiments/main.ts"))
    const offending = [...seen].flatMap((file) =>
      imported(texts.get(file) ?? "")
        .filter((from) => from in OPTIONAL_PACKAGES)
        .map((from) => `${relative(root, file)} imports ${from}`)
    )
    expect(seen.size).toBeGreaterThan(100)
    expect(offending).toEqual([])
  })

  it("end in one message with the command if they are missing", async () => {
    const absent = () => import("sharp-is-not-here" as string)
    const error = await optionalPackage("sharp", "JPEG and PNG pictures", DataError, async () => {
      try {
        return await absent()
      } catch {
        // As Node words it; vitest has words of its own.
        throw Object.assign(new Error("Cannot find package 'sharp' imported from /x.js"), {
          code: "ERR_MODULE_NOT_FOUND"
        })
      }
    }).catch((fault: unknown) => fault)
    expect(error).toBeInstanceOf(DataError)
    expect((error as Error).message).toBe(
      `package sharp: JPEG and PNG pictures need it, but it is not installed. Run \`${installCommand("sharp")}\`.`
    )
  })

  it("say why they cannot be loaded if they are there", async () => {
    const load = () => Promise.reject(new Error("libvips is missing\nand more"))
    await expect(optionalPackage("sharp", "JPEG and PNG pictures", DataError, load)).rejects.toThrow(
      "package sharp: JPEG and PNG pictures need it, but it cannot be loaded (libvips is missing). Run"
    )
  })
})
