// The command `orbitrank` as few files: a bundle of its modules and of the packages that it always needs. Loading 900 modules
// one by one takes most of a second; `--check` does little else.
import { existsSync, readFileSync, writeFileSync } from "node:fs"
import { dirname, join, relative, sep } from "node:path"
import { build } from "esbuild"

/** Modules find workers, packages and files from their own place, which is not that of the bundle. */
const inPlace = (dist, folder) => ({
  name: "in place",
  setup: ({ onLoad }) =>
    onLoad({ filter: /\.js$/ }, ({ path }) => {
      if (!path.startsWith(dist + sep)) return undefined
      const place = relative(folder, path).split(sep).join("/")
      const contents = readFileSync(path, "utf8")
        .replaceAll("import.meta.url", `new URL("${place}", import.meta.url).href`)
        .replaceAll(
          "import.meta.dirname",
          `process.getBuiltinModule("node:url").fileURLToPath(new URL("${dirname(place)}", import.meta.url))`
        )
      return { contents, loader: "js" }
    })
})

/** Licences of the packages that the bundle holds. */
const notices = (inputs) => {
  const folders = new Set(inputs.flatMap((path) => path.match(/^.*node_modules\/(?:@[^/]+\/)?[^/]+/)?.[0] ?? []))
  return [...folders].sort().map((folder) => {
    const { license, name, version } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"))
    const file = ["LICENSE", "LICENSE.md", "LICENSE.txt"].map((one) => join(folder, one)).find(existsSync)
    return `${name} ${version} (${license})\n\n${file === undefined ? "" : readFileSync(file, "utf8").trim()}\n`
  })
}

/**
 * Writes the bundle to `experiments/program` and lets `run.js` load it. If a PostgreSQL server is used, the modules themselves are
 * loaded: the package for PostgreSQL brings Effect, of which a program must have only one copy.
 *
 * @param {string} dist folder of the compiled modules; absolute
 * @param {ReadonlyArray<string>} optional packages that a bundle must not hold, because they may be missing
 */
export const bundleProgram = async (dist, optional) => {
  const folder = join(dist, "experiments/program")
  const { metafile } = await build({
    absWorkingDir: dist,
    entryPoints: ["experiments/main.js"],
    outdir: folder,
    bundle: true,
    splitting: true,
    platform: "node",
    format: "esm",
    target: "node20",
    external: [...optional, "esbuild", "tsx"],
    plugins: [inPlace(dist, folder)],
    metafile: true,
    logLevel: "error"
  })
  const licences = notices(Object.keys(metafile.inputs).map((path) => join(dist, path)))
  writeFileSync(join(folder, "LICENSES.txt"), licences.join(`\n${"-".repeat(78)}\n\n`))
  const run = join(dist, "experiments/run.js")
  const text = readFileSync(run, "utf8")
  const loads = 'import("./main.js")'
  if (!text.includes(loads)) throw new Error(`${run} does not load main.js`)
  const server = '["ORBITRANK_PGVECTOR", "ORBITRANK_PGVECTOR_FILE"].some((name) => name in process.env)'
  const whole = `process.argv.includes("--cluster") || ${server}`
  writeFileSync(run, text.replace(loads, `import(${whole} ? "./main.js" : "./program/main.js")`))
}
