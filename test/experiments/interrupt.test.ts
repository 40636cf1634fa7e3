/** A run that is stopped and goes on ends as one that never was: same figures, same weights, bit for bit. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { runChild } from "./child.ts"

const home = mkdtempSync(join(tmpdir(), "orbitrank-"))
afterAll(() => rmSync(home, { recursive: true, force: true }))

const small = (name: string) => [
  "configs/quickstart.yaml",
  ...["--out", join(home, name), "--set", `root_dir=${join(home, `${name}-data`)}`],
  ...["--set", "prepare.miniature.patches=120", "--set", "train.batch.size=32", "--set", "epochs=3"]
]

const outcome = (name: string) => {
  const folder = join(home, name)
  const { results } = JSON.parse(readFileSync(join(folder, "record.json"), "utf8"))
  const checkpoints = readdirSync(join(folder, "checkpoints"))
  const weights = checkpoints.map((file) => readFileSync(join(folder, "checkpoints", file)).toString("base64"))
  const explorer = readFileSync(join(folder, "explore", "data", "vectors-0000.js"), "utf8")
  return { results, checkpoints, weights, explorer, curve: readFileSync(join(folder, "curve.csv"), "utf8") }
}

describe("an interrupted run", () => {
  beforeAll(async () => {
    expect(await runChild(small("whole"))).toMatchObject({ code: 0 })
  })

  it.each([1, 2])("goes on where it stopped, whenever that was (%i)", async (nth) => {
    const name = `stopped-${nth}`
    const delays: Array<string> = []
    for (let attempt = 0; attempt < 6; attempt++) {
      // Chance is the point here: the place of the interruption must not matter. A failure prints what was drawn.
      const signal = Math.random() < 0.7 ? "SIGINT" : "SIGKILL"
      const afterMs = Math.round(800 + Math.random() * 5000)
      delays.push(`${signal} after ${afterMs} ms`)
      const ended = await runChild(small(name), { signal, afterMs })
      if (ended.code === 0) break
      if (signal === "SIGINT" && ended.err.includes("into")) {
        expect([ended.code, ended.err], delays.join(", ")).toEqual([
          130,
          expect.stringContaining("continues from here")
        ])
      }
    }
    expect(await runChild(small(name)), delays.join(", ")).toMatchObject({ code: 0 })
    expect(outcome(name), delays.join(", ")).toEqual(outcome("whole"))
  })

  it("in the middle of training says so and how to go on", async () => {
    const inTraining = (err: string) => /^train$/m.test(err)
    const stopped = await runChild(small("training"), { signal: "SIGINT", when: inTraining, afterMs: 500 })
    expect(stopped).toMatchObject({
      code: 130,
      err: expect.stringContaining("Interrupted. The same command continues from here.")
    })
    const record = JSON.parse(readFileSync(join(home, "training", "record.json"), "utf8"))
    expect([record.pipelines.prepare.status, record.pipelines.train.status]).toEqual(["finished", "interrupted"])
    const again = await runChild(small("training"))
    expect(again).toMatchObject({ code: 0, err: expect.stringContaining("prepare: done before, skipped") })
    expect(outcome("training")).toEqual(outcome("whole"))
  })
})
