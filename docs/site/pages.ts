/** Pages of the documentation site: the files of `docs`, one page per operator, and their places in the menu. */
import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { language } from "../../src/experiments/plan/plan.ts"
import { catalogue, operatorMarkdown } from "../../src/pipeline/catalogue.ts"

/** A page: its path below the site's root, its title in the menu, its Markdown. */
export interface Page {
  readonly path: string
  readonly title: string
  readonly text: string
}

/** A heading of the menu with its pages. */
export interface Section {
  readonly title: string
  readonly pages: ReadonlyArray<Page>
}

const titleOf = (text: string): string => /^# (.+)$/m.exec(text)?.[1] ?? ""

/** Links between files of the repository become links between pages. */
const relinked = (text: string): string =>
  text
    .replace(/\]\(\.\.\/(CONTRIBUTING|CHANGELOG)\.md/g, (_, name: string) => `](${name.toLowerCase()}.md`)
    .replace(/\]\((CONTRIBUTING|CHANGELOG)\.md/g, (_, name: string) => `](${name.toLowerCase()}.md`)
    .replace(/\]\((?:docs\/)?examples\/README\.md/g, "](examples.md")
    .replace(/\]\((?:\.\.\/)?README\.md/g, "](index.md")
    .replace(/\]\(docs\//g, "](")
    .replace(/src="(?:docs\/)?(?=[\w-]+\.png")/g, 'src="./')
    .replace(/\[([^\]]+)\]\((LICENSE|CITATION\.cff)\)/g, "$1")

const fenced = (file: string, text: string): string => {
  const [, language = ""] = /\.(ts|html|yaml)$/.exec(file) ?? []
  return `\`\`\`${language}\n${text}\`\`\``
}

/** Files that a page of `docs` links to, other than pages: they follow on the same page, so links to them become plain text. */
const withFiles = (folder: string, text: string): string => {
  const link = /\[([^\]]+)\]\(([\w-]+\/[\w.-]+)\)/g
  const files = [...new Set([...text.matchAll(link)].map(([, , file]) => file))].filter((file) => !/\.md$/.test(file))
  const bodies = files.map((file) => `## ${file}\n\n${fenced(file, readFileSync(join(folder, file), "utf8"))}\n`)
  return [text.replace(link, (all, name, file) => (files.includes(file) ? name : all)), ...bodies].join("\n")
}

const pageOf = (root: string, file: string, path: string): Page => {
  const read = readFileSync(join(root, file), "utf8")
  const text = relinked(file.startsWith("docs/") ? withFiles(join(root, "docs"), read) : read)
  return { path, title: titleOf(text), text }
}

/** The examples as one page: their list, then each program with its own text. */
const examplesPage = (root: string): Page => {
  const folder = join(root, "docs/examples")
  const list = readFileSync(join(folder, "README.md"), "utf8")
  const programs = readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => /^\d.*\.(ts|html)$/.test(name))
    .sort()
    .map((name) => {
      const text = readFileSync(join(folder, name), "utf8")
      return `## ${name.replaceAll("\\", "/")}\n\n${fenced(name, text)}\n`
    })
  // On the site the programs are further down on the same page.
  const plain = list.replace(/\[([^\]]+)\]\(\d[^)]*\)/g, "$1")
  return { path: "examples.md", title: titleOf(list), text: [plain, ...programs].join("\n") }
}

/** Pages that answer "how do I ...", in the order of the menu. */
const HOW_TO = [
  "configuration",
  "data",
  "stores",
  "training",
  "networks",
  "embeddings",
  "evaluation",
  "search",
  "sweeps",
  "cluster",
  "explore",
  "reranking",
  "engines",
  "original"
]

/**
 * The menu of the site, in its order.
 *
 * @param root folder of the repository
 * @throws Error if a page of `docs` has no place in the menu, or a place has no page
 */
export const sections = (root: string): ReadonlyArray<Section> => {
  const page = (name: string) => pageOf(root, `docs/${name}.md`, `${name}.md`)
  const menu: ReadonlyArray<readonly [string, ReadonlyArray<string>]> = [
    ["Tutorial", ["tutorial"]],
    ["How-to guides", HOW_TO],
    ["Reference", ["operators"]],
    ["Explanation", ["figures", "design"]]
  ]
  const named = new Set(menu.flatMap(([, names]) => names))
  const homeless = readdirSync(join(root, "docs"))
    .filter((file) => file.endsWith(".md") && file !== "README.md")
    .filter((file) => !named.has(file.replace(/\.md$/, "")))
  if (homeless.length > 0) throw new Error(`docs/site/pages.ts: give these pages a place in the menu: ${homeless}`)
  const operators = catalogue(language.operators).map((entry) => ({
    path: `operators/${entry.name}.md`,
    title: entry.name,
    text: operatorMarkdown(entry)
  }))
  return [
    { title: "Start", pages: [pageOf(root, "README.md", "index.md"), examplesPage(root)] },
    ...menu.map(([title, names]) => ({ title, pages: names.map(page) })),
    { title: "Operators", pages: operators },
    {
      title: "Project",
      pages: [pageOf(root, "CONTRIBUTING.md", "contributing.md"), pageOf(root, "CHANGELOG.md", "changelog.md")]
    }
  ]
}
