/** What the pages say is there is there. */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { dirname, join, resolve } from "node:path"
import { Effect } from "effect"
import { afterAll, describe, expect, it } from "vitest"
import { sections } from "../docs/site/pages.ts"
import { language } from "../src/experiments/plan/plan.ts"
import { catalogue, catalogueMarkdown } from "../src/pipeline/catalogue.ts"

const root = resolve(import.meta.dirname, "..")
const pages = [
  "README.md",
  "CONTRIBUTING.md",
  "CHANGELOG.md",
  ...readdirSync(join(root, "docs")).map((d) => `docs/${d}`)
]
  .filter((name) => name.endsWith(".md"))
  .map((name) => ({ name, text: readFileSync(join(root, name), "utf8") }))

/** Anchors of the headings of a page, as GitHub and the site make them. */
const headingsOf = (file: string): ReadonlyArray<string> =>
  [...readFileSync(join(root, file), "utf8").matchAll(/^#+ (.+)$/gm)].map(([, title]) =>
    title
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, "")
      .replaceAll(" ", "-")
  )

it("docs/operators.md is what `npm run docs` writes", () => {
  const written = readFileSync(join(root, "docs/operators.md"), "utf8")
  expect(written).toBe(catalogueMarkdown(catalogue(language.operators)))
})

describe.each(pages)("$name", ({ name, text }) => {
  it("links to files that exist", () => {
    const links = [...text.matchAll(/\]\(([^)#:\s]+)(#[^)]*)?\)/g)].map(([, to]) => join(dirname(name), to))
    expect(links.filter((to) => !existsSync(join(root, to)))).toEqual([])
  })

  it("links to headings that exist", () => {
    const links = [...text.matchAll(/\]\(([^)#:\s]*)#([^)\s]+)\)/g)].filter(([, to]) => !to.includes(":"))
    const missing = links.filter(([, to, heading]) => {
      const file = to === "" ? name : join(dirname(name), to)
      return file.endsWith(".md") && !headingsOf(file).includes(heading)
    })
    expect(missing.map(([link]) => link)).toEqual([])
  })

  it("names configurations and scripts that exist", () => {
    const configs = [...text.matchAll(/\bconfigs\/([\w-]+)\.yaml/g)].map(([, config]) => config)
    const own = (config: string) => config === "mine"
    expect(configs.filter((one) => !own(one) && !existsSync(join(root, "configs", `${one}.yaml`)))).toEqual([])
    const { scripts } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"))
    const called = [...text.matchAll(/\bnpm run (?:-\w+ )*([\w:-]+)/g)].map(([, script]) => script)
    expect(called.filter((one) => !(one in scripts))).toEqual([])
  })
})

it("the site has a place for every page and a page per operator, and its links lead to pages", () => {
  const all = sections(root).flatMap(({ pages: some }) => some)
  const paths = new Set(all.map(({ path }) => path))
  expect(language.operators.filter(({ name }) => !paths.has(`operators/${name}.md`))).toEqual([])
  const links = all.flatMap(({ path, text }) =>
    [...text.matchAll(/\]\(([^)#:\s]+\.md)(#[^)]*)?\)/g)].map(([, to]) => join(dirname(path), to))
  )
  expect(links.length).toBeGreaterThan(10)
  expect(links.filter((to) => !paths.has(to))).toEqual([])
  // The site has nothing else that a page could link to, and takes a picture's path for a package unless it begins with a dot.
  const others = all.flatMap(({ text }) => [...text.matchAll(/\]\((?!https?:|#)([^)\s]+)\)/g)].map(([, to]) => to))
  expect(others.filter((to) => !/\.md(#.*)?$/.test(to))).toEqual([])
  const pictures = all.flatMap(({ text }) => [...text.matchAll(/<img src="([^"]+)"/g)].map(([, src]) => src))
  expect(pictures.length).toBeGreaterThan(2)
  expect(pictures.filter((src) => !src.startsWith("./") || !existsSync(join(root, "docs", src)))).toEqual([])
})

it("every page is reached from the README or the list of pages, and every configuration named on one", () => {
  const readme = pages[0].text
  const list = readFileSync(join(root, "docs/README.md"), "utf8")
  expect(
    readdirSync(join(root, "docs"))
      .filter((page) => /\.md$/.test(page))
      .filter((page) => page !== "README.md" && !readme.includes(`docs/${page}`) && !list.includes(`](${page})`))
  ).toEqual([])
  const all = pages.map(({ text }) => text).join("\n")
  // Pictures are shown on a page.
  const pictures = readdirSync(join(root, "docs")).filter((file) => file.endsWith(".png"))
  expect(pictures.filter((file) => !all.includes(`src="${file}"`) && !all.includes(`src="docs/${file}"`))).toEqual([])
  const stem = (file: string) => file.replace(/\.yaml$/, "")
  const unnamed = readdirSync(join(root, "configs")).filter(
    (file) => !new RegExp(`\\b${stem(file)}(\\.yaml|\`)`).test(all)
  )
  expect(unnamed).toEqual([])
})

describe("programs of pages", () => {
  const folder = join(import.meta.dirname, `.readme-docs-${process.pid}`)
  mkdirSync(folder, { recursive: true })
  afterAll(() => rmSync(folder, { recursive: true, force: true }))
  const programs = pages
    .filter(({ name }) => name.startsWith("docs/"))
    .flatMap(({ text }) => [...text.matchAll(/^```ts file=(\S+)\n([\s\S]*?)^```/gm)])

  it("load, and read what they say", async () => {
    const modules = new Map<string, Record<string, unknown>>()
    for (const [, file, code] of programs) {
      writeFileSync(join(folder, file), code.replace(/from "\.\/src\//g, 'from "../../src/'))
      modules.set(file, await import(join(folder, file)))
    }
    const relevant = modules.get("truth.ts")?.relevant as (file: string) => Effect.Effect<unknown, Error>
    const fault = await Effect.runPromise(Effect.flip(relevant(join(folder, "truth.lmdb"))))
    expect(fault.message).toContain("truth.lmdb")
  })
})
