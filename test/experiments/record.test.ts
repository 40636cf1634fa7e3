import { mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, utimesSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { forget, openFolder, verdict } from "../../src/experiments/folder.ts"
import {
  differences,
  type PipelineRecord,
  type RunRecord,
  setPath,
  stamp,
  writeRecord
} from "../../src/experiments/record.ts"
import { RunError } from "../../src/experiments/run-error.ts"

let folder = ""
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "orbitrank-"))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const configuration = { settings: { seed: 1 }, pipelines: { train: [{ optimise: { learning_rate: 0.002 } }] } }
const changed = { settings: { seed: 1 }, pipelines: { train: [{ optimise: { learning_rate: 0.001 } }] } }
const record: RunRecord = {
  orbitrank: "0",
  experiment: "e",
  file: "e.yaml",
  seed: 1,
  configuration,
  versions: {},
  begun: "",
  pipelines: {}
}
const finished = (...paths: ReadonlyArray<string>): PipelineRecord => ({
  hash: "",
  status: "finished",
  seconds: 1,
  stages: [],
  wrote: paths.flatMap((path) => stamp(folder, path))
})

describe("a run folder", () => {
  it("is opened again by the same configuration", () => {
    expect(openFolder(folder, "e", configuration, "goesOn")).toBeUndefined()
    writeRecord(folder, record)
    expect(openFolder(folder, "e", configuration, "goesOn")).toEqual(record)
  })

  it("of another configuration is refused, with the difference", () => {
    writeRecord(folder, record)
    expect(() => openFolder(folder, "e", changed, "goesOn")).toThrow(
      new RunError({
        subject: folder,
        problem: "belongs to another configuration",
        remedy:
          "Use `--fresh` to empty it and start anew, or `--out` for another folder. What differs:\n  pipelines.train.0.optimise.learning_rate: 0.002 before, 0.001 now"
      })
    )
    expect(differences(configuration, { ...configuration, settings: { seed: 1, x: 2 } })).toEqual([
      "settings.x: absent before, 2 now"
    ])
  })

  it("is emptied by fresh, if it is one", () => {
    writeRecord(folder, record)
    mkdirSync(join(folder, "checkpoints"))
    writeFileSync(join(folder, "checkpoints", "a"), "")
    expect(openFolder(folder, "e", changed, "fresh")).toBeUndefined()
    expect(readdirSync(folder)).toEqual([])
    writeFileSync(join(folder, "thesis.tex"), "")
    expect(() => openFolder(folder, "e", changed, "fresh")).toThrow("holds files but no run record")
    expect(() => openFolder(folder, "e", changed, "goesOn")).toThrow("holds files but no run record")
    expect(readdirSync(folder)).toEqual(["thesis.tex"])
  })

  it("of another experiment is not emptied by a file that starts anew each time", () => {
    writeRecord(folder, record)
    writeFileSync(join(folder, "embeddings.npy"), "")
    expect(() => openFolder(folder, "search", changed, "freshByFile")).toThrow(
      `${folder}: holds the run of another experiment (e), and search would empty it. Choose another folder with \`--out\`, or say \`--fresh\`.`
    )
    expect(readdirSync(folder).sort()).toEqual(["embeddings.npy", "record.json"])
    expect(openFolder(folder, "e", changed, "freshByFile")).toBeUndefined()
    expect(readdirSync(folder)).toEqual([])
  })

  it("is not what has a record of something else, even where one starts anew", () => {
    writeFileSync(join(folder, "record.json"), '{"mine": 1}')
    writeFileSync(join(folder, "thesis.tex"), "")
    expect(() => openFolder(folder, "e", changed, "fresh")).toThrow("record.json: is not a run record. Use `--out`")
    expect(readdirSync(folder).sort()).toEqual(["record.json", "thesis.tex"])
  })

  it("is free where a process was killed before its first record stood", () => {
    for (const name of ["run.lock", "record.json.77.partial"]) writeFileSync(join(folder, name), "")
    expect(openFolder(folder, "e", configuration, "goesOn")).toBeUndefined()
    expect(openFolder(folder, "e", configuration, "fresh")).toBeUndefined()
    expect(readdirSync(folder)).toEqual(["run.lock"])
  })

  it("with a broken record is refused", () => {
    writeFileSync(join(folder, "record.json"), "{")
    expect(() => openFolder(folder, "e", configuration, "goesOn")).toThrow(
      "record.json: is not a readable run record. Use `--fresh`"
    )
    writeFileSync(join(folder, "record.json"), "{}")
    expect(() => openFolder(folder, "e", configuration, "goesOn")).toThrow("is not a run record")
  })
})

describe("a finished pipeline", () => {
  it("is skipped while its files are as it left them", () => {
    const path = join(folder, "a")
    writeFileSync(path, "1")
    const entry = finished(path)
    expect(verdict(folder, entry)).toEqual({ run: false })
    expect(verdict(folder, { ...entry, status: "outdated" })).toMatchObject({ run: true, anew: true })
    // Written again with the same content it is the same.
    utimesSync(path, 1, 1)
    expect(verdict(folder, entry)).toEqual({ run: false })
    writeFileSync(path, "2")
    expect(verdict(folder, entry)).toMatchObject({ run: true, why: `${path} was changed`, anew: true })
    rmSync(path)
    expect(verdict(folder, entry)).toMatchObject({ run: true, why: `${path} is gone` })
    expect(verdict(folder, { ...entry, status: "interrupted" })).toMatchObject({ run: true, anew: false })
  })

  it("is known again where its project was moved", () => {
    const project = mkdtempSync(join(process.cwd(), "outputs-moved-"))
    try {
      const [before, after] = [join(project, "a"), join(project, "b")]
      mkdirSync(join(before, "run"), { recursive: true })
      writeFileSync(join(before, "run", "made"), "1")
      writeFileSync(join(before, "list.csv"), "1")
      const stamps = (...paths: ReadonlyArray<string>) => paths.flatMap((path) => stamp(join(before, "run"), path))
      const entry = {
        ...finished(),
        wrote: stamps(join(before, "run", "made")),
        used: stamps(join(before, "list.csv"))
      }
      renameSync(before, after)
      expect(verdict(join(after, "run"), entry)).toEqual({ run: false })
      writeFileSync(join(after, "list.csv"), "2")
      expect(verdict(join(after, "run"), entry)).toMatchObject({ why: `${join(after, "list.csv")} was changed` })
    } finally {
      rmSync(project, { recursive: true })
    }
  })

  it("is forgotten inside the run folder only", () => {
    const outside = mkdtempSync(join(tmpdir(), "orbitrank-"))
    const paths = [join(folder, "a"), join(outside, "b")]
    for (const path of paths) writeFileSync(path, "")
    forget(folder, finished(...paths))
    expect([readdirSync(folder), readdirSync(outside)]).toEqual([[], ["b"]])
    rmSync(outside, { recursive: true })
  })
})

describe("the record", () => {
  it("takes values at dotted paths without changing the old one", () => {
    const before = { results: { untrained: { x: 1 } } }
    expect(setPath(before, "results.trained", { x: 2 })).toEqual({
      results: { untrained: { x: 1 }, trained: { x: 2 } }
    })
    expect(before).toEqual({ results: { untrained: { x: 1 } } })
  })

  it("loses what is set to undefined, and what then holds nothing", () => {
    const before = { seed: 1, skipped: { decode: ["a"], store: ["b"] } }
    const first = setPath(before, "skipped.decode", undefined)
    expect(Object.entries(first)).toEqual([
      ["seed", 1],
      ["skipped", { store: ["b"] }]
    ])
    expect(Object.keys(setPath(first, "skipped.store", undefined))).toEqual(["seed"])
    expect(Object.keys(setPath({ seed: 1 }, "skipped.decode", undefined))).toEqual(["seed"])
  })
})
