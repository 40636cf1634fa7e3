/** Stores in folders that an ordinary user may read but not write; skipped unless root can become that user. */
import { spawnSync } from "node:child_process"
import { chmodSync, copyFileSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { Effect } from "effect"
import { describe, expect } from "vitest"
import { effect } from "../../../effect.ts"
import { temporaryFolder } from "../folder.ts"
import { sevenPatches, writeStore } from "./filled-stores.ts"

const root = temporaryFolder()
const repository = join(import.meta.dirname, "../../../..")
const NOBODY = ["--reuid=65534", "--regid=65534", "--clear-groups", "env", `HOME=${join(root, "own")}`]
const COMMAND = [process.execPath, "--import", "tsx", join(repository, "src/experiments/run.ts")]

chmodSync(root, 0o755)
mkdirSync(join(root, "own"))
chmodSync(join(root, "own"), 0o777)

/** Runs a configuration as that user, with `own` as the only folder that he may write to. */
const asNobody = (name: string, pipeline: string) => {
  const file = join(root, "own", `${name}.yaml`)
  writeFileSync(file, `root_dir: ${root}\nexperiment: ${name}\npipelines:\n  made:\n${pipeline}\n`)
  const args = [...NOBODY, ...COMMAND, file, "--out", join(root, "own", name)]
  const { status, stderr, stdout } = spawnSync("setpriv", args, { cwd: repository, encoding: "utf8" })
  return { status, text: `${stdout}${stderr}` }
}
/** Whether root runs the tests and the user may read the repository and run Node. */
const possible =
  process.getuid?.() === 0 &&
  spawnSync("setpriv", [...NOBODY, ...COMMAND, "--operators"], { cwd: repository }).status === 0
const asUser = possible ? describe : describe.skip

asUser("an ordinary user (skipped unless root runs the tests)", () => {
  effect("reads a store of another's, with and without its lock file, and leaves no trace", () =>
    Effect.gen(function* () {
      yield* writeStore(root)("patches.lmdb", sevenPatches)
      for (const lock of ["lock.mdb", ""]) {
        if (lock === "") rmSync(join(root, "patches.lmdb", "lock.mdb"))
        const { status, text } = asNobody(`read${lock}`, "    - verify: {}\n    - print")
        expect(text).toContain('"patches":7')
        expect(status).toBe(0)
        expect(readdirSync(join(root, "patches.lmdb")).sort()).toEqual(["data.mdb", lock].filter((name) => name !== ""))
      }
    })
  )

  effect("is told which folder cannot be written", () =>
    Effect.sync(() => {
      copyFileSync(join(import.meta.dirname, "../cases/nodata/p0.tif"), join(root, "p0.tif"))
      writeFileSync(join(root, "labels.csv"), "image,a\np0.tif,1\n")
      const stored = asNobody(
        "store",
        "    - archive: { kind: folder, path: . }\n    - decode: {}\n    - store: { to: new.lmdb }"
      )
      expect(stored.text).toContain(`${join(root, "new.lmdb")}: cannot be opened (EACCES`)
      expect(stored.text).toContain("Check that the disk has room and that you may write there")
      expect(stored.status).toBe(1)
      const exported = asNobody("export", "    - export: { to: files }\n    - print")
      expect(exported.text).toContain(`${join(root, "files")}`)
      expect(exported.text).toContain("EACCES")
      expect(exported.text).not.toContain("fault of orbitrank")
      expect(exported.status).toBe(1)
    })
  )
})
