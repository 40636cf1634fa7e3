import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync
} from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import type { Beginning } from "../../../src/experiments/folder/beginning.ts"
import { forget, openFolder, verdict } from "../../../src/experiments/folder/folder.ts"
import { type PipelineRecord, type RunRecord, writeRecord } from "../../../src/experiments/folder/record.ts"
import { stamp } from "../../../src/experiments/folder/stamps.ts"
import { type Configuration, differences } from "../../../src/experiments/plan/configuration.ts"
import { language } from "../../../src/experiments/plan/plan.ts"
import { RunError } from "../../../src/experiments/run-error.ts"

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
const operators = new Map(language.operators.map((operator) => [operator.name, operator] as const))
const opened = (experiment: string, wanted: Configuration, how: Beginning) =>
  openFolder(folder, { experiment, configuration: wanted, operators }, how)
const finished = (...paths: ReadonlyArray<string>): PipelineRecord => ({
  hash: "",
  status: "finished",
  seconds: 1,
  stages: [],
  wrote: paths.flatMap((path) => stamp(folder, path))
})

describe("a run folder", () => {
  it("is opened again by the same configuration", () => {
    expect(opened("e", configuration, "continue").record).toBeUndefined()
    writeRecord(folder, record)
    expect(opened("e", configuration, "continue").record).toEqual(record)
  })

  it("of another configuration is refused, with the difference", () => {
    writeRecord(folder, record)
    expect(() => opened("e", changed, "continue")).toThrow(
      new RunError({
        subject: folder,
        problem: "belongs to another configuration",
        remedy:
          "Use `--fresh` to empty it and start anew, or `--out` for another folder. Differences:\n  pipelines.train.0.optimise.learning_rate: 0.002 before, 0.001 now"
      })
    )
    expect(differences(configuration, { ...configuration, settings: { seed: 1, x: 2 } })).toEqual([
      "settings.x: absent before, 2 now"
    ])
  })

  it("is continued by a configuration that has more pipelines after the recorded ones, and by no other", () => {
    writeRecord(folder, record)
    const { train } = configuration.pipelines
    const page = [{ explore: {} }]
    const wider = { settings: { seed: 1 }, pipelines: { train, page } }
    expect(opened("e", wider, "continue").record).toEqual({ ...record, configuration: wider })
    expect(() => opened("e", { ...wider, pipelines: { page, train } }, "continue")).toThrow("page.0.explore.")
    expect(() => opened("e", { settings: { seed: 2 }, pipelines: { train, page } }, "continue")).toThrow(
      "settings.seed"
    )
    expect(() => opened("e", { ...wider, pipelines: { ...changed.pipelines, page } }, "continue")).toThrow("0.001 now")
    writeRecord(folder, { ...record, configuration: wider })
    expect(() => opened("e", configuration, "continue")).toThrow("page.0.explore.")
  })

  /** A record of a run that wrote files, some listed, some only declared by its operators. */
  const withFiles = () => {
    const files = ["embeddings.npy", "strips/1_2.png", "report.html", "checkpoints/epoch_0001.safetensors"]
    for (const file of [...files, "thesis.tex", "strips/mine.png"]) {
      mkdirSync(join(folder, file, ".."), { recursive: true })
      writeFileSync(join(folder, file), "")
    }
    const { wrote } = finished(...files.slice(0, 2).map((file) => join(folder, file)))
    const steps = [{ checkpoint: { keep: 2 } }, { report: {} }]
    writeRecord(folder, {
      ...record,
      configuration: { settings: {}, pipelines: { test: steps } },
      pipelines: { test: { hash: "", status: "failed", seconds: 1, stages: [], wrote } }
    })
  }
  const inFolder = () =>
    readdirSync(folder, { recursive: true, encoding: "utf8" })
      .map((name) => name.replaceAll("\\", "/"))
      .sort()

  it("is emptied by fresh of the files that its record knows, and of no other", () => {
    withFiles()
    expect(opened("e", changed, "fresh")).toEqual({ record: undefined, kept: ["strips", "thesis.tex"] })
    expect(inFolder()).toEqual(["strips", "strips/mine.png", "thesis.tex"])
    expect(() => opened("e", changed, "fresh")).toThrow("holds files but no run record, so it is not emptied")
    expect(() => opened("e", changed, "continue")).toThrow("holds files but no run record. Choose")
    expect(inFolder()).toEqual(["strips", "strips/mine.png", "thesis.tex"])
  })

  it("is emptied by a file that starts anew each time of no other file either", () => {
    withFiles()
    expect(opened("e", changed, "freshByFile").kept).toEqual(["strips", "thesis.tex"])
    expect(inFolder()).toEqual(["strips", "strips/mine.png", "thesis.tex"])
  })

  it("keeps what its record lists outside of it, also behind a link", () => {
    const outside = mkdtempSync(join(tmpdir(), "orbitrank-"))
    for (const name of ["a", "b"]) writeFileSync(join(outside, name), "")
    symlinkSync(outside, join(folder, "linked"))
    const wrote = [join(outside, "a"), join(folder, "linked", "b"), join(folder, "..", "c")].map((path) => ({
      ...{ path, bytes: 0, modified: 0 }
    }))
    writeRecord(folder, {
      ...record,
      pipelines: { a: { hash: "", status: "finished", seconds: 1, stages: [], wrote } }
    })
    expect(opened("e", changed, "fresh").kept).toEqual([])
    expect([readdirSync(outside).sort(), readdirSync(folder)]).toEqual([["a", "b"], ["linked"]])
    rmSync(outside, { recursive: true })
  })

  it("of another experiment is not emptied by a file that starts anew each time", () => {
    writeRecord(folder, record)
    writeFileSync(join(folder, "embeddings.npy"), "")
    expect(() => opened("search", changed, "freshByFile")).toThrow(
      `${folder}: holds the run of another experiment (e), and search would empty it. Choose another folder with \`--out\`, or use \`--fresh\`.`
    )
    expect(readdirSync(folder).sort()).toEqual(["embeddings.npy", "record.json"])
    expect(opened("e", changed, "freshByFile").record).toBeUndefined()
    expect(readdirSync(folder)).toEqual(["embeddings.npy"])
  })

  it.each(["fresh", "freshByFile", "continue"] as const)("of somebody else's records is not touched (%s)", (how) => {
    for (const text of ['{"mine": 1}', '{"mine": 1}\n{"mine": 2}\n', "no JSON", "", "[1, 2]", "null"]) {
      writeFileSync(join(folder, "record.json"), text)
      writeFileSync(join(folder, "thesis.tex"), "")
      expect(() => opened("e", changed, how)).toThrow("record.json: is not a run record. Use `--out`")
      expect(readdirSync(folder).sort()).toEqual(["record.json", "thesis.tex"])
      expect(readFileSync(join(folder, "record.json"), "utf8")).toBe(text)
    }
  })

  it("is free where a process was killed before its first record stood", () => {
    for (const name of ["run.lock", "record.json.77.partial"]) writeFileSync(join(folder, name), "")
    expect(opened("e", configuration, "continue").record).toBeUndefined()
    expect(opened("e", configuration, "fresh").record).toBeUndefined()
    expect(readdirSync(folder)).toEqual(["run.lock"])
  })

  it("with a damaged record is refused, and emptied by `--fresh` of what this experiment writes", () => {
    const whole = JSON.stringify(record)
    for (const text of [whole.slice(0, -5), whole.replace('"pipelines":{}', '"pipelines":[1]'), '{"orbitrank":1}']) {
      writeFileSync(join(folder, "record.json"), text)
      for (const file of ["report.html", "thesis.tex"]) writeFileSync(join(folder, file), "")
      for (const how of ["continue", "freshByFile"] as const) {
        expect(() => opened("e", configuration, how)).toThrow(
          /record\.json: is a damaged run record \(.*\)\. Use `--fresh`/
        )
      }
      const reporting = { settings: {}, pipelines: { a: [{ report: {} }] } }
      expect(opened("e", reporting, "fresh").kept).toEqual(["thesis.tex"])
      expect(readdirSync(folder)).toEqual(["thesis.tex"])
    }
  })

  it("loses the partial files of killed runs when the next one holds its lock", () => {
    writeRecord(folder, record)
    mkdirSync(join(folder, "strips"))
    for (const name of ["curve.csv.77.partial", "strips/a.png.1.partial"]) writeFileSync(join(folder, name), "")
    expect(opened("e", configuration, "continue").record).toEqual(record)
    expect(inFolder()).toEqual(["record.json", "strips"])
  })

  it.each([
    ["continue", true],
    ["fresh", false]
  ] as const)("keeps the parts that workers of a killed run still write if it wants them (%s)", (how, wanted) => {
    writeRecord(folder, record)
    const parts = join(folder, "parts", "extract", "4-embed")
    mkdirSync(parts, { recursive: true })
    const [young, left] = ["0123456789abcdef", "fedcba9876543210"].map((key) => `${key}.part.4194304-0123abcd.partial`)
    for (const name of [young, left]) writeFileSync(join(parts, name), "")
    utimesSync(join(parts, left), 1_000_000, 1_000_000)
    opened("e", configuration, how)
    expect(existsSync(parts) ? readdirSync(parts) : []).toEqual(wanted ? [young] : [])
  })

  it.each(["continue", "fresh"] as const)("keeps the files that runs in folders below it still write (%s)", (how) => {
    writeRecord(folder, record)
    for (const [below, mark] of [
      ["locked", "run.lock"],
      ["recorded", "record.json"]
    ]) {
      mkdirSync(join(folder, "runs", below), { recursive: true })
      for (const name of [mark, "curve.csv.77-0123abcd.partial"]) writeFileSync(join(folder, "runs", below, name), "")
    }
    opened("e", configuration, how)
    expect(inFolder().filter((name) => name.endsWith(".partial"))).toEqual([
      "runs/locked/curve.csv.77-0123abcd.partial",
      "runs/recorded/curve.csv.77-0123abcd.partial"
    ])
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
