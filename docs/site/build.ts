/**
 * Builds the documentation site into `docs/site/public`: pages, a page per operator, the API from docstrings, a search box.
 * `npm run site` installs the tools beside this file and calls it. Needs no network after that.
 */
import { execFileSync } from "node:child_process"
import { copyFileSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs"
import { dirname, join, resolve } from "node:path"
import { fileURLToPath, pathToFileURL } from "node:url"
import { type Section, sections } from "./pages.ts"

const here = dirname(fileURLToPath(import.meta.url))
const root = resolve(here, "../..")
const work = join(here, ".work")
const tool = (path: string) => join(here, "node_modules", path)

const writePage = (path: string, text: string): void => {
  mkdirSync(dirname(join(work, path)), { recursive: true })
  writeFileSync(join(work, path), text)
}

/** The API reference, by TypeDoc. It wants TypeScript 6, which lies beside it. */
const writeApi = (): void => {
  const entries = readdirSync(join(root, "src")).filter((name) => name.endsWith(".ts"))
  const args = [
    ...["--plugin", pathToFileURL(tool("typedoc-plugin-markdown/dist/index.js")).href],
    ...entries.flatMap((name) => ["--entryPoints", join(root, "src", name)]),
    ...["--tsconfig", join(root, "tsconfig.json"), "--out", join(work, "api"), "--readme", "none"],
    ...["--excludePrivate", "--excludeInternal", "--skipErrorChecking", "--hideBreadcrumbs", "--logLevel", "Error"],
    ...["--disableSources", "--entryFileName", "index", "--name", "API"]
  ]
  execFileSync(process.execPath, [tool("typedoc/bin/typedoc"), ...args], { cwd: root, stdio: "inherit" })
}

const linkOf = (path: string): string => `/${path.replace(/\.md$/, "").replace(/(^|\/)index$/, "$1")}`

/** The configuration of VitePress, as a module. */
const configuration = (menu: ReadonlyArray<Section>): string => {
  const sidebar = menu.map(({ title, pages }) => ({
    text: title,
    collapsed: title === "Operators",
    items: pages.map((page) => ({ text: page.title, link: linkOf(page.path) }))
  }))
  const api = { text: "API", items: [{ text: "API reference", link: "/api/" }] }
  const value = {
    title: "orbitrank",
    description: "Multi-label image retrieval for Earth observation",
    base: process.env.SITE_BASE || "/",
    outDir: join(here, "public"),
    cleanUrls: false,
    themeConfig: {
      sidebar: [...sidebar, api],
      nav: [
        { text: "Operators", link: linkOf("operators.md") },
        { text: "API", link: "/api/" }
      ],
      search: { provider: "local" },
      outline: [2, 3]
    },
    vite: { build: { chunkSizeWarningLimit: 4000 } }
  }
  return `export default ${JSON.stringify(value, undefined, 2)}\n`
}

rmSync(work, { recursive: true, force: true })
const menu = sections(root)
for (const { path, text } of menu.flatMap(({ pages }) => pages)) writePage(path, text)
for (const picture of readdirSync(join(root, "docs")).filter((name) => name.endsWith(".png"))) {
  copyFileSync(join(root, "docs", picture), join(work, picture))
}
writeApi()
writePage(".vitepress/config.mjs", configuration(menu))
execFileSync(process.execPath, [tool("vitepress/bin/vitepress.js"), "build", work], { cwd: here, stdio: "inherit" })
rmSync(work, { recursive: true, force: true })
