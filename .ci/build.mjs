// `npm run build [FOLDER]`: the published package. `tsc` writes JavaScript and declarations to dist; this finishes what it leaves
// unchanged: module URLs of worker threads, import paths inside declarations, calls without effects, files that are not
// TypeScript, and the script of the explorer.
import { execFileSync } from "node:child_process"
import { chmodSync, copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { dirname, join, resolve } from "node:path"
import { pathToFileURL } from "node:url"
import { bundleProgram } from "./program.mjs"
import { annotated } from "./pure.mjs"

const root = resolve(import.meta.dirname, "..")
const dist = resolve(root, process.argv[2] ?? "dist")
rmSync(dist, { recursive: true, force: true })
execFileSync(
  process.execPath,
  [join(root, "node_modules/typescript/bin/tsc"), "-p", "tsconfig.build.json", "--outDir", dist, "--singleThreaded"],
  {
    cwd: root,
    stdio: "inherit"
  }
)

const URLS = /new URL\("(\.[^"]+)\.ts", import\.meta\.url\)/g
const IMPORTS = /((?:from|import)\s*\(?\s*")(\.[^"]+)\.ts"/g

for (const name of readdirSync(dist, { recursive: true, encoding: "utf8" })) {
  const path = join(dist, name)
  if (name.endsWith(".js")) {
    const text = readFileSync(path, "utf8")
    writeFileSync(path, annotated(text.replace(URLS, 'new URL("$1.js", import.meta.url)')))
  }
  if (name.endsWith(".d.ts")) writeFileSync(path, readFileSync(path, "utf8").replace(IMPORTS, '$1$2.js"'))
}
for (const file of ["ops/workers/entry.mjs", "ops/show/explore/page/style.css"]) {
  mkdirSync(dirname(join(dist, file)), { recursive: true })
  copyFileSync(join(root, "src", file), join(dist, file))
}
const page = "ops/show/explore/page"
const { bundlePage } = await import(pathToFileURL(join(dist, "ops/show/explore/bundle.js")).href)
writeFileSync(join(dist, page, "page.js"), await bundlePage(join(root, "src", page)))

const { optionalDependencies = {}, peerDependenciesMeta } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"))
const optional = Object.keys({ ...optionalDependencies, ...peerDependenciesMeta, "@tensorflow/tfjs-node-gpu": {} })
await bundleProgram(dist, optional)

// npm makes it executable; a folder that was copied has no npm.
chmodSync(join(dist, "experiments/run.js"), 0o755)

// Nothing may be left that only a clone can load.
const left = readdirSync(dist, { recursive: true, encoding: "utf8" })
  .filter((name) => /\.(d\.ts|js)$/.test(name))
  .filter((name) => /(?:from|import|URL)\s*\(?\s*"\.[^"]*\.ts"/.test(readFileSync(join(dist, name), "utf8")))
if (left.length > 0) throw new Error(`these files still name TypeScript modules: ${left.join(", ")}`)
console.log(`built ${dirname(join(dist, "index.js"))}`)
