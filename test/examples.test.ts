/** Every `@example` of a docstring runs and gives the values that it shows. */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { basename, join, relative, resolve } from "node:path"
import { afterAll, describe, expect, it } from "vitest"

const src = resolve(import.meta.dirname, "..", "src")
const folder = join(import.meta.dirname, `.readme-examples-${process.pid}`)
mkdirSync(folder, { recursive: true })
afterAll(() => rmSync(folder, { recursive: true, force: true }))

interface Example {
  readonly file: string
  readonly code: ReadonlyArray<string>
}

const DOCSTRING = /\/\*\*([\s\S]*?)\*\//g

const examplesOf = (file: string): ReadonlyArray<Example> =>
  [...readFileSync(join(src, file), "utf8").matchAll(DOCSTRING)].flatMap(([, text]) =>
    text
      .split("\n")
      .map((line) => line.replace(/^\s*\* ?/, ""))
      .join("\n")
      .split(/^@example[^\n]*\n/m)
      .slice(1)
      .map((example) => ({ file, code: example.split(/^@\w/m)[0].trimEnd().split("\n") }))
  )

const examples = readdirSync(src, { recursive: true, encoding: "utf8" })
  .filter((name) => name.endsWith(".ts"))
  .sort()
  .flatMap(examplesOf)

/** `expression // => value` becomes an assertion; a declaration in front of the arrow is kept, and its name compared. */
const assertion = (line: string): string => {
  const at = line.indexOf(" // => ")
  if (at < 0) return line
  const [code, value] = [line.slice(0, at), line.slice(at + " // => ".length)]
  const [, name] = /^const (\w+) = /.exec(code) ?? []
  return name === undefined ? `expect(${code}).toEqual(${value})` : `${code}\nexpect(${name}).toEqual(${value})`
}

/** A module that sees the exports of the example's own file by name, unless the example declares or imports the name. */
const moduleOf = ({ file, code }: Example, names: ReadonlyArray<string>, place: string): string => {
  const imports = code.filter((line) => line.startsWith("import "))
  const body = code.filter((line) => !line.startsWith("import ")).map((line) => assertion(line.replace(/^export /, "")))
  const declared = new Set(
    [...code.join("\n").matchAll(/\b(?:const|class|function|import \{?) ?(\w+)/g)].map(([, n]) => n)
  )
  const own = names.filter((name) => name !== "default" && !declared.has(name))
  const from = relative(folder, join(src, file)).replaceAll("\\", "/")
  return [
    'import { expect } from "vitest"',
    ...imports,
    `import { ${own.join(", ")} } from "${from}"`,
    "export default async () => {",
    ...body,
    "}",
    `export const place = ${JSON.stringify(place)}`
  ].join("\n")
}

describe("examples of docstrings", () => {
  it("are found, and most show a value", () => {
    expect(examples.length).toBeGreaterThan(3)
    const silent = examples.filter(({ code }) => !code.some((line) => line.includes("// => ")))
    expect(silent.length).toBeLessThan(examples.length / 2)
  })

  it.each(examples.map((example, i) => ({ ...example, i })))("$file, number $i", async ({ i, ...example }) => {
    const names = Object.keys((await import(join(src, example.file))) as object)
    const path = join(folder, `${basename(example.file, ".ts")}-${i}.ts`)
    writeFileSync(path, moduleOf(example, names, example.file))
    const made = (await import(path)) as { default: () => Promise<void> }
    await made.default()
  })
})
