/** The command line as a user meets it: exit codes, messages, what is printed. */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, describe, expect, it } from "vitest"
import { writeNpy } from "../../ops/retrieve/embeddings/npy.ts"
import { runChild } from "../child.ts"
import { program } from "../cluster/programs.ts"
import { writeTable } from "../table.ts"

const home = mkdtempSync(join(tmpdir(), "orbitrank-"))
afterAll(() => rmSync(home, { recursive: true, force: true }))
const config = (text: string): string => {
  const path = join(home, "mine.yaml")
  writeFileSync(path, text)
  return path
}

describe("the paths that a run prints", () => {
  it("are relative if they lie below the current folder, and absolute otherwise", async () => {
    writeNpy(
      join(home, "E.npy"),
      Float32Array.from({ length: 40 }, (_, i) => Math.sin(i)),
      10,
      4
    )
    writeTable(
      join(home, "E.csv"),
      Array.from({ length: 20 }, (_, i) => (i % 3 === 0 ? 1 : 0)),
      2
    )
    const file = join(home, "paths.yaml")
    writeFileSync(
      file,
      `device: cpu
pipelines:
  test: [{ embeddings: { from: E.npy, labels: E.csv } }, { rank: { queries: 0.5 } }, { measure: { at: [2] } }, report]
`
    )
    const above = mkdtempSync(join(tmpdir(), "orbitrank-"))
    for (const [out, shown] of [
      ["mine", "mine"],
      [join(home, "mine"), "mine"],
      [join(above, "out"), join(above, "out")]
    ]) {
      const ran = program("run.ts", [file, "--out", out, "--fresh"], home)
      expect([await ran.ended, ran.said()]).toEqual([
        0,
        expect.stringContaining(`report: ${join(shown, "report.html")}\n`)
      ])
      expect(ran.said()).toContain(`Record: ${join(shown, "record.json")}\n`)
    }
    rmSync(above, { recursive: true })
  })
})

describe("run.ts", () => {
  it("--check prints the plan, every default filled in, anchors followed", async () => {
    const { code, out } = await runChild(["configs/quickstart.yaml", "--check", "--set", "epochs=3"])
    expect(code).toBe(0)
    expect(out).toContain("# configs/quickstart.yaml: valid")
    expect(out).toMatch(/- read: \{.*split: train.*epochs: 3/)
    expect(out).toContain(", run by another pipeline, not by itself")
    const networks = out.slice(out.indexOf("\nnetworks:\n"))
    expect(networks).toContain(
      "resnet10-slim:  # untrained.embed, validation.embed, train.optimise, trained.embed, dropped.embed, explorer.embed;"
    )
    expect(networks).toMatch(/encoder\.encoder_block4 +2 x 2 x 256 +[\d,]+\n +head +embedding of 256 +[\d,]+\n/)
  })

  it("--only runs the other pipelines of such a file on ONNX Runtime", async () => {
    const { code } = await runChild([
      ...["configs/quickstart.yaml", "--check", "--set", "device=onnx", "--only", "trained"]
    ])
    expect(code).toBe(0)
  })

  it("--operators lists the catalogue", async () => {
    const { code, out } = await runChild(["--operators"])
    expect(code).toBe(0)
    expect(out).toContain("batch: patches -> batches")
  })

  it("--help and --version exit with 0", async () => {
    const help = await runChild(["--help"])
    expect([help.code, help.out.includes("--check")]).toEqual([0, true])
    expect((await runChild(["--version"])).code).toBe(0)
  })

  it.each([
    ["no configuration", [], "no configuration is given"],
    ["an unknown option", ["configs/quickstart.yaml", "--chekc"], "--chekc"],
    ["no such file", ["configs/quikstart.yaml"], "configs/quikstart.yaml: there is no such file"],
    ["a folder", ["configs"], "configs: is a folder"],
    [
      "an unknown pipeline",
      ["configs/quickstart.yaml", "--only", "trian"],
      "has no such pipeline; did you mean `train`?"
    ],
    [
      "training on ONNX Runtime",
      ["configs/quickstart.yaml", "--check", "--set", "device=onnx"],
      "device: ONNX Runtime computes embeddings, but does not train networks, as `optimise` must. Set `device: auto`"
    ],
    [
      "a wrong --set",
      ["configs/quickstart.yaml", "--set", "epochs=0"],
      "--set epochs=0: pipelines.train.read.epochs: expected a whole number of at least 1, found 0"
    ]
  ])("%s exits with 2 and says what to do", async (_, args, message) => {
    const { code, err } = await runChild(args)
    expect([code, err]).toEqual([2, expect.stringContaining(message)])
    expect(err).not.toMatch(/^ +at /m)
  })

  it.each([
    [
      "a file for a folder",
      "taken",
      ["--fresh"],
      "taken: is a file, not a folder. Choose another folder with `--out`."
    ],
    ["below a file", "taken/inner", [], "taken/inner: cannot be written. Choose another folder with `--out`."],
    ["a folder of other files", "others", ["--fresh"], "others: holds files but no run record, so it is not emptied."]
  ])("--out names %s: exits with 2 and touches nothing", async (_, out, more, message) => {
    writeFileSync(join(home, "taken"), "kept")
    mkdirSync(join(home, "others"), { recursive: true })
    writeFileSync(join(home, "others", "notes.txt"), "kept")
    const path = config("pipelines:\n  a:\n    - miniature: { patches: 1 }\n")
    const { code, err } = await runChild([path, "--out", join(home, out), ...more])
    expect([code, err]).toEqual([2, expect.stringContaining(message)])
    expect(err).not.toMatch(/^ +at /m)
    expect(readFileSync(join(home, "taken"), "utf8")).toBe("kept")
    expect(readdirSync(join(home, "others"))).toEqual(["notes.txt"])
  })

  it("a wrong file exits with 2, all its faults together", async () => {
    const path = config("sede: 3\npipelines:\n  a:\n    - raed: { split: test }\n    - batch: { size: 0 }\n")
    const { code, err } = await runChild([path])
    expect(code).toBe(2)
    expect(err.trimEnd().split("\n")).toEqual([
      `${path}:1:1: sede: unknown key; did you mean \`seed\`?`,
      `${path}:4:7: pipelines.a.raed: unknown operator; did you mean \`read\`?`,
      `${path}:5:22: pipelines.a.batch.size: expected a whole number of at least 1, found 0`
    ])
  })

  it("a step that fails exits with 1, naming the step, the file and the remedy", async () => {
    const path = config(
      `root_dir: ${home}\npipelines:\n  a:\n    - read: { split: test, from: none.lmdb, bands: rgb }\n    - batch: { size: 4 }\n`
    )
    const { code, err } = await runChild([path, "--out", join(home, "out")])
    expect(code).toBe(1)
    expect(err).toContain(`${path}:4:7: pipelines.a.read: `)
    expect(err).not.toMatch(/^ +at /m)
  })
})
