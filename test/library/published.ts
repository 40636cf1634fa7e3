/** The package as npm would publish it, unpacked into projects that have only what they are given. */
import { execFileSync } from "node:child_process"
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join, resolve } from "node:path"

export const root = resolve(import.meta.dirname, "../..")
const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8"))

/** Entries of the library, as their importers name them. */
export const ENTRIES = Object.keys(manifest.exports)
  .filter((path) => !path.includes("*") && path !== "./package.json")
  .map((path) => path.replace(/^\./, "orbitrank"))

/** The packages that npm installs together with orbitrank: its dependencies and the peers that are not optional. */
export const INSTALLED: ReadonlyArray<string> = [...Object.keys(manifest.dependencies), "effect"]

export interface Published {
  /** The folder that was packed. */
  readonly project: string
  readonly tarball: string
  /** Paths in the tarball. */
  readonly files: ReadonlyArray<string>
  /** A project with the package and links to these other packages; the same one for the same packages. */
  readonly install: (...packages: ReadonlyArray<string>) => string
  readonly remove: () => void
}

/** Builds and packs the package, in a folder of its own. */
export const publish = (): Published => {
  const home = mkdtempSync(join(tmpdir(), "orbitrank-library-"))
  const project = join(home, "project")
  mkdirSync(project)
  symlinkSync(join(root, "node_modules"), join(project, "node_modules"))
  for (const file of [
    "package.json",
    "README.md",
    "LICENSE",
    ...manifest.files.filter((name: string) => name !== "dist")
  ]) {
    if (existsSync(join(root, file))) cpSync(join(root, file), join(project, file), { recursive: true })
  }
  execFileSync(process.execPath, [join(root, ".ci/build.mjs"), join(project, "dist")], { stdio: "pipe" })
  const packed = execFileSync("npm", ["pack", "--json", "--ignore-scripts", "--pack-destination", home], {
    cwd: project,
    encoding: "utf8"
  })
  const [{ filename, files }] = JSON.parse(packed)
  const tarball = join(home, filename)
  const projects = new Map<string, string>()
  const install = (...packages: ReadonlyArray<string>): string => {
    const known = projects.get(packages.join())
    if (known !== undefined) return known
    const folder = join(home, `consumer-${projects.size}`)
    projects.set(packages.join(), folder)
    const modules = join(folder, "node_modules")
    mkdirSync(join(modules, "orbitrank"), { recursive: true })
    execFileSync("tar", ["-xzf", tarball, "-C", join(modules, "orbitrank"), "--strip-components=1"])
    for (const name of packages) {
      mkdirSync(dirname(join(modules, name)), { recursive: true })
      symlinkSync(join(root, "node_modules", name), join(modules, name))
    }
    writeFileSync(join(folder, "package.json"), JSON.stringify({ name: "consumer", private: true, type: "module" }))
    return folder
  }
  return {
    project,
    tarball,
    files: files.map(({ path }: { path: string }) => path),
    install,
    remove: () => rmSync(home, { recursive: true, force: true })
  }
}
