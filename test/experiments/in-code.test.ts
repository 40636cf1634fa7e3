/** Pipelines composed and run in code give what the command line gives for the same pipeline. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Effect, Stream } from "effect"
import { afterAll, describe, expect, it } from "vitest"
import { inCode } from "../../src/experiments/in-code.ts"
import { measure } from "../../src/ops/measure/measure.ts"
import { embeddings } from "../../src/ops/retrieve/embeddings/embeddings.ts"
import { rank } from "../../src/ops/retrieve/rank/rank.ts"
import { toStream } from "../../src/pipeline/interpret.ts"
import { writeNpy } from "../ops/retrieve/embeddings/npy.ts"
import { runHere } from "./in-process.ts"
import { writeTable } from "./table.ts"

const home = mkdtempSync(join(tmpdir(), "orbitrank-"))
afterAll(() => rmSync(home, { recursive: true, force: true }))
const at = (name: string) => join(home, name)

const N = 40
writeNpy(
  at("E.npy"),
  Float32Array.from({ length: N * 3 }, (_, i) => Math.sin(i * i)),
  N,
  3
)
writeTable(
  at("L.csv"),
  Array.from({ length: N * 2 }, (_, i) => (i % 2 === 0 || i % 6 === 1 ? 1 : 0)),
  2
)

const evaluation = embeddings({ from: at("E.npy"), labels: at("L.csv") }).pipe(rank({ queries: 0.2 }), measure())

describe("in code", () => {
  it("gives the figures of the same pipeline in YAML, and says which engine ran", async () => {
    const said: Array<string> = []
    const run = Stream.runCollect(toStream(evaluation)).pipe(
      Effect.provide(inCode({ folder: at("mine"), device: "cpu", seed: 7, say: (line) => said.push(line) }))
    )
    const [report] = await Effect.runPromise(run)
    expect(said.join("\n")).toContain("engine: ")
    const yaml = `seed: 7\ndevice: cpu\nroot_dir: ${home}\npipelines:\n  only:\n    - embeddings: { from: ${at("E.npy")}, labels: ${at("L.csv")} }\n    - rank: { queries: 0.2 }\n    - measure: {}\n    - report: {}\n`
    writeFileSync(at("same.yaml"), yaml)
    const { error, results } = await runHere(at("same.yaml"), [], { out: at("yaml") })
    expect(error).toBe("")
    expect(results).toMatchObject(JSON.parse(JSON.stringify(report.results)))
  })

  it("says which folder cannot be made", async () => {
    writeFileSync(at("file"), "")
    const run = Stream.runDrain(toStream(evaluation)).pipe(Effect.provide(inCode({ folder: join(at("file"), "run") })))
    await expect(Effect.runPromise(run)).rejects.toThrow(/file.run: cannot be used as a run folder/)
  })
})
