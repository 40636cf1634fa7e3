import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Effect, Result, Schema, Stream } from "effect"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { makeFolder } from "../../../src/experiments/folder/folder.ts"
import type { RunRecord } from "../../../src/experiments/folder/record.ts"
import type { Plan } from "../../../src/experiments/plan/plan.ts"
import { settings } from "../../../src/experiments/plan/settings.ts"
import { makeProgress } from "../../../src/experiments/running/progress.ts"
import { runPlan } from "../../../src/experiments/running/runner.ts"
import { Cut, Run } from "../../../src/ops/run.ts"
import { load } from "../../../src/pipeline/load.ts"
import { operator } from "../../../src/pipeline/operator.ts"
import { Name, optional, param } from "../../../src/pipeline/param.ts"
import { toJson } from "../../../src/pipeline/print.ts"
import { Sum, toys } from "../../pipeline/toys.ts"

/** Writes a total into the run folder and the record; adds what stands in `plus`, so that one pipeline feeds another. */
const write = operator({
  name: "write",
  about: "Writes a total to a file.",
  from: Sum,
  to: Sum,
  params: {
    to: param(Name, "File."),
    fails: param(Schema.Boolean, "Throws after writing.", false),
    needs: optional(Name, "A file under `root_dir`.")
  },
  declares: { reads: ({ needs }, { root }) => (needs === undefined ? [] : [join(root, needs)]) },
  run:
    ({ fails, to }) =>
    (sums) =>
      sums.pipe(
        Stream.tap(({ total }) =>
          Effect.gen(function* () {
            const run = yield* Run
            const path = join(run.folder, to)
            writeFileSync(path, String(total))
            yield* run.wrote(path)
            yield* run.record(`results.${to}`, total)
            if (existsSync(join(folder, "copy"))) copyFileSync(join(run.folder, "record.json"), join(folder, "copy"))
            const full = existsSync(join(folder, "full")) && readFileSync(join(folder, "full"), "utf8") === to
            if (fails || full) throw Object.assign(new Error("no space left"), { code: "ENOSPC", path })
          })
        )
      )
})

/** Leaves a checkpoint that nobody can go on from, without a word. */
const checkpoint = operator({
  name: "checkpoint",
  about: "Writes a broken checkpoint.",
  from: Sum,
  to: Sum,
  params: {},
  declares: { training: () => "resumes" },
  run: () => (sums) =>
    Stream.tap(sums, () =>
      Effect.map(Run, (run) => {
        mkdirSync(join(run.folder, "checkpoints"), { recursive: true })
        writeFileSync(join(run.folder, "checkpoints", "epoch_0001.safetensors"), "of another input")
      })
    )
})

/** Ends its stream early, as `print` does when nobody reads its output any more. */
const unread = operator({
  name: "unread",
  about: "Stops.",
  from: Sum,
  to: Sum,
  params: {},
  run: () => (sums) =>
    Stream.unwrap(
      Effect.map(Cut, (cut) => {
        cut()
        return Stream.take(sums, 0)
      })
    )
})

let folder = ""
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "orbitrank-"))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const file = `
pipelines:
  one: [{ count: { to: 3 } }, { group: { size: 2 } }, add, { write: { to: one } }]
  two: [{ count: { to: 5 } }, { scale: { factor: 2, limit: 100 } }, { group: { size: 2 } }, add, { write: { to: two } }]
`

const planOf = (text: string): Plan => {
  const loaded = Result.getOrThrow(load(text, "a.yaml", { settings, operators: [...toys, write, checkpoint, unread] }))
  const pipelines = Object.fromEntries([...loaded.pipelines].map(([name, pipeline]) => [name, toJson(pipeline)]))
  const configuration = { settings: { seed: loaded.settings.seed }, pipelines }
  return {
    file: "a.yaml",
    experiment: "a",
    loaded: loaded as unknown as Plan["loaded"],
    configuration,
    folder: "",
    translation: undefined
  }
}

const run = async (text: string, options: { only?: string; fresh?: boolean } = {}) => {
  let said = ""
  const progress = makeProgress({ terminal: false, columns: () => 80, write: (t) => (said += t), now: () => 0 })
  const plan = planOf(`root_dir: ${folder}\n${text}`)
  const result = await Effect.runPromise(
    Effect.result(
      runPlan(
        plan,
        { folder: join(folder, "run"), only: options.only, begins: options.fresh === true ? "fresh" : "continue" },
        progress
      )
    )
  )
  return { said, result }
}
const runWell = async (...args: Parameters<typeof run>) => {
  const { said, result } = await run(...args)
  if (Result.isFailure(result)) throw result.failure
  return { said }
}
const record = (): RunRecord => JSON.parse(readFileSync(join(folder, "run", "record.json"), "utf8"))

describe("a run", () => {
  it("runs the pipelines in their order and keeps a record", async () => {
    const { said } = await runWell(file)
    expect(said).toMatch(/one\n {2}count +3 .*\n {2}group +2 .*\n {2}add +1 .*\n {2}write +1 .*\ntwo\n/)
    expect(record()).toMatchObject({
      experiment: "a",
      seed: 24,
      results: { one: 3, two: 20 },
      pipelines: {
        one: { status: "finished", stages: [{ stage: "count", elements: 3 }, {}, {}, {}] },
        two: { status: "finished" }
      }
    })
    expect(existsSync(join(folder, "run", "run.lock"))).toBe(false)
  })

  it("repeated, skips what is done", async () => {
    await runWell(file)
    const { said } = await runWell(file)
    expect(said).toBe("one: done before, skipped\ntwo: done before, skipped\n")
  })

  it("runs a pipeline again whose files were changed, and those after it", async () => {
    await runWell(file)
    writeFileSync(join(folder, "run", "one"), "tampered with")
    const { said } = await runWell(file)
    expect(said).toContain("one was changed")
    expect(said).toContain("two: runs again because a pipeline before it ran again")
    expect(readFileSync(join(folder, "run", "one"), "utf8")).toBe("3")
  })

  it("runs a pipeline again if a file changed that its operators declare to read", async () => {
    writeFileSync(join(folder, "weights.pth"), "before")
    const reading = file.replace("{ to: one }", "{ to: one, needs: weights.pth }")
    await runWell(reading)
    expect((await runWell(reading)).said).toContain("one: done before, skipped")
    writeFileSync(join(folder, "weights.pth"), "after it")
    expect((await runWell(reading)).said).toContain(
      `one: runs again because ${join(folder, "weights.pth")} was changed`
    )
  })

  it("names its files in the record while they are written, so that a killed run leaves none unknown", async () => {
    writeFileSync(join(folder, "copy"), "")
    await runWell(file, { only: "one" })
    const { pipelines } = JSON.parse(readFileSync(join(folder, "copy"), "utf8")) as RunRecord
    expect(pipelines.one).toMatchObject({ status: "interrupted", wrote: [{ path: "one", bytes: 0 }] })
  })

  it("runs those after it again too where it is stopped meanwhile", async () => {
    await runWell(file)
    writeFileSync(join(folder, "run", "one"), "tampered with")
    writeFileSync(join(folder, "full"), "one")
    const failed = await run(file)
    expect(Result.isFailure(failed.result)).toBe(true)
    expect(record().pipelines).toMatchObject({ one: { status: "failed" }, two: { status: "outdated" } })
    rmSync(join(folder, "full"))
    const { said } = await runWell(file)
    expect(said).not.toContain("one was changed")
    expect(said).toContain("two: runs again because a pipeline before it ran again")
    expect((await runWell(file)).said).toBe("one: done before, skipped\ntwo: done before, skipped\n")
  })

  it("that was killed goes on with the pipeline that ran, be it one that had finished before", async () => {
    await runWell(file)
    writeFileSync(join(folder, "run", "one"), "tampered with")
    writeFileSync(join(folder, "copy"), "")
    await runWell(file, { only: "one" })
    // What a killed run leaves: the record as it was while the pipeline ran.
    copyFileSync(join(folder, "copy"), join(folder, "run", "record.json"))
    expect(record().pipelines.one.status).toBe("interrupted")
    const { said } = await runWell(file)
    expect(said).not.toContain("one: ")
    expect(said).toContain("two: runs again because a pipeline before it ran again")
  })

  it("trains from nothing where a pipeline before it ran again, whatever stopped it", async () => {
    const trains = file.replace("{ write: { to: two } }", "checkpoint")
    await runWell(trains)
    writeFileSync(join(folder, "run", "one"), "tampered with")
    expect((await runWell(trains)).said).not.toContain("resuming after epoch")
  })

  it("runs what was finished after a pipeline that goes on, since that makes something else", async () => {
    writeFileSync(join(folder, "full"), "one")
    await run(file)
    rmSync(join(folder, "full"))
    await runWell(file, { only: "two" })
    const { said } = await runWell(file)
    expect(said).toContain("two: runs again because a pipeline before it ran again")
  })

  it("says in one message that its folders cannot be made", () => {
    writeFileSync(join(folder, "taken"), "")
    expect(() => makeFolder(join(folder, "taken"))).toThrow(`${join(folder, "taken")}: cannot be made (EEXIST`)
  })

  it("goes on after a failure, which names the step, the file and the remedy", async () => {
    const { result } = await run(file.replace("limit: 100", "limit: 5"))
    if (Result.isSuccess(result)) throw new Error("it should have failed")
    expect(result.failure.message).toBe(
      "a.yaml:5:31: pipelines.two.scale: 6: is above the limit. Raise `limit`. Once this is fixed, the same command continues from here; a changed configuration needs `--fresh` or another `--out`."
    )
    expect(record().pipelines.two.status).toBe("failed")
    expect(record().pipelines.one.status).toBe("finished")
    const other = await run(file)
    expect(Result.isFailure(other.result) && other.result.failure.message).toContain(
      "pipelines.two.1.scale.limit: 5 before, 100 now"
    )
    const again = await run(file, { fresh: true })
    expect(Result.isSuccess(again.result)).toBe(true)
  })

  it("says nothing of going on where every run starts anew, and how to where only this one did", async () => {
    const failing = file.replace("limit: 100", "limit: 5")
    const message = async (...args: Parameters<typeof run>) => {
      const { result } = await run(...args)
      return Result.isFailure(result) ? result.failure.message : ""
    }
    expect(await message(`fresh: true${failing}`, { fresh: true })).toBe(
      "a.yaml:5:31: pipelines.two.scale: 6: is above the limit. Raise `limit`."
    )
    expect(await message(failing, { fresh: true })).toContain(
      "Raise `limit`. Once this is fixed, the same command without `--fresh` continues from here; a changed configuration needs it or"
    )
  })

  it("runs only the pipelines that were added after those of the record", async () => {
    const [one] = file.split("\n  two:")
    await runWell(one)
    const { said } = await runWell(file)
    expect(said).toContain("one: done before, skipped")
    expect(record().pipelines).toMatchObject({ one: { status: "finished" }, two: { status: "finished" } })
    expect(Object.keys(record().configuration.pipelines)).toEqual(["one", "two"])
    expect((await runWell(file)).said).toContain("two: done before, skipped")
  })

  it("puts the file system's codes in words", async () => {
    const { result } = await run(file.replace("{ to: two }", "{ to: two, fails: true }"))
    expect(Result.isFailure(result) && result.failure.message).toContain("two: the disk is full. Once this is fixed")
  })

  it("does not record a pipeline as finished whose output nobody read to its end", async () => {
    const cut = file.replace("{ write: { to: two } }", "unread")
    await runWell(cut)
    expect(record().pipelines).toMatchObject({ one: { status: "finished" }, two: { status: "interrupted" } })
    expect((await runWell(cut)).said).not.toContain("two: done before")
  })

  it("runs one pipeline alone", async () => {
    await runWell(file, { only: "two" })
    expect(Object.keys(record().pipelines)).toEqual(["two"])
  })
})
