/** Follows a recipe in a copy of the source: its files are written, and its names put into their lists. */
import { execFileSync } from "node:child_process"
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { dirname, join, resolve } from "node:path"

const root = resolve(import.meta.dirname, "../..")

export interface Followed {
  /** Folder that holds the copy, `src` within it. */
  readonly folder: string
  /** Files that the recipe writes or changes, relative to the folder. */
  readonly files: ReadonlyArray<string>
  /** The YAML that it shows. */
  readonly yaml: string
}

const edit = (path: string, code: string): void => {
  const [imported, list] = code.trim().split("\n")
  const [, name, entry] = /^export const (\w+) = \[(\w+), …\]$/.exec(list) ?? []
  const text = readFileSync(path, "utf8")
  const at = text.indexOf("import ")
  const changed = `${text.slice(0, at)}${imported}\n${text.slice(at)}`.replace(
    `export const ${name} = [`,
    `export const ${name} = [${entry}, `
  )
  if (name === undefined || !changed.includes(`[${entry}, `)) throw new Error(`${path} has no list as in ${list}`)
  writeFileSync(path, changed)
}

const HEADINGS = { loss: "A loss", dataset: "A data set", metric: "A metric", backbone: "A backbone" } as const

/** The section of CONTRIBUTING.md below a heading of level 3. */
const sectionOf = (heading: string): string => {
  const [, section] = readFileSync(join(root, "CONTRIBUTING.md"), "utf8").split(`### ${heading}\n`)
  if (section === undefined) throw new Error(`CONTRIBUTING.md has no section "${heading}"`)
  return section.split(/^##/m)[0]
}

/** Follows a recipe of CONTRIBUTING.md; `remove` deletes the copy. */
export const follow = (name: keyof typeof HEADINGS): Followed => {
  const folder = join(root, "test", `.readme-recipe-${name}-${process.pid}`)
  for (const part of ["src", "package.json"]) cpSync(join(root, part), join(folder, part), { recursive: true })
  const text = sectionOf(HEADINGS[name])
  const blocks = [...text.matchAll(/^```(ts (file|list)=(\S+)|yaml)\n([\s\S]*?)^```/gm)]
  const files: Array<string> = []
  let yaml = ""
  for (const [, , kind, file, code] of blocks) {
    if (file === undefined) {
      yaml = code
      continue
    }
    files.push(file)
    const path = join(folder, file)
    mkdirSync(dirname(path), { recursive: true })
    if (kind === "file") writeFileSync(path, code, { flag: "wx" })
    else edit(path, code)
  }
  return { folder, files, yaml }
}

export const remove = ({ folder }: Followed): void => rmSync(folder, { recursive: true, force: true })

/** Compiles the files of a recipe; throws the compiler's words. */
export const compile = ({ files, folder }: Followed): void => {
  const config = join(folder, "tsconfig.json")
  writeFileSync(config, JSON.stringify({ extends: "../../tsconfig.json", include: files, exclude: [] }))
  try {
    execFileSync(process.execPath, [join(root, "node_modules/typescript/bin/tsc"), "--noEmit", "-p", config], {
      cwd: root,
      encoding: "utf8"
    })
  } catch (fault) {
    throw new Error((fault as { readonly stdout?: string }).stdout, { cause: fault })
  }
}
