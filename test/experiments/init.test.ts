/** Configurations that `init` writes: for each kind of archive one that is valid, for one's own folders one that runs. */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Effect } from "effect"
import sharp from "sharp"
import { afterAll, describe, expect, it } from "vitest"
import { init } from "../../src/experiments/init/init.ts"
import { makePlan } from "../../src/experiments/plan/plan.ts"
import { DATA_SET_NAMES } from "../../src/ops/data/archives/list.ts"
import { runChild } from "./child.ts"
import { runHere } from "./in-process.ts"

const home = mkdtempSync(join(tmpdir(), "orbitrank-init-"))
afterAll(() => rmSync(home, { recursive: true, force: true }))

const written = (folder: string, to: string) => Effect.runPromise(init(folder, to, "npx orbitrank"))
const refusal = async (folder: string, to = join(home, "none.yaml")) => {
  const fault = await Effect.runPromise(Effect.flip(init(folder, to, "npx orbitrank")))
  return fault.message
}

const miniature = async (kind: string, folder: string, patches: number) => {
  const file = join(home, `make-${folder.replace("/", "-")}.yaml`)
  writeFileSync(
    file,
    `root_dir: ${home}\npipelines: { make: [{ miniature: { kind: ${kind}, patches: ${patches}, to: ${folder} } }] }\n`
  )
  expect((await runHere(file, [], { out: join(home, `made-${folder.replace("/", "-")}`) })).error).toBe("")
  return join(home, folder)
}

/** Pictures of one colour per class, with some noise. */
const pictures = async (folder: string, files: Readonly<Record<string, readonly [number, number, number]>>) => {
  for (const [i, [file, colour]] of Object.entries(files).entries()) {
    const data = Uint8Array.from({ length: 40 * 40 * 3 }, (_, k) => colour[k % 3] + ((i * 7 + k * 13) % 23))
    mkdirSync(join(folder, file, ".."), { recursive: true })
    await sharp(data, { raw: { width: 40, height: 40, channels: 3 } })
      .png()
      .toFile(join(folder, file))
  }
}

const byClass = (n: number) =>
  Object.fromEntries(
    Array.from({ length: n }, (_, i) => {
      const [name, colour] = (
        [
          ["forest", [20, 90, 30]],
          ["lake", [20, 40, 120]],
          ["town", [120, 110, 110]]
        ] as const
      )[i % 3]
      return [`tree/${name}/${i}.png`, colour]
    })
  )

describe("a configuration for an archive", () => {
  it.each(DATA_SET_NAMES)("%s is valid, and says what was found", async (kind) => {
    const folder = await miniature(kind, `mini ${kind}`, 12)
    const file = join(home, `${kind}.yaml`)
    const { text } = await written(folder, file)
    expect(readFileSync(file, "utf8")).toBe(text)
    expect(text).toContain(`an archive of the kind ${kind} with 12 images`)
    const plan = makePlan(file, [])
    expect([...plan.loaded.pipelines.keys()]).toEqual(
      kind.startsWith("bigearthnet")
        ? ["prepare", "untrained", "train", "trained"]
        : ["prepare", "constants", "untrained", "train", "trained"]
    )
    expect(plan.experiment).toBe(`mini-${kind}`)
  })

  it("runs, from a folder per class to a page", async () => {
    const folder = join(home, "own pictures")
    await pictures(folder, byClass(48))
    const file = join(home, "own.yaml")
    const { text } = await written(folder, file)
    expect(text).toContain("3 classes (forest, lake, town), 1 per image")
    expect(text).toContain("3 classes are named by folders of the archive")
    const out = join(home, "own-run")
    const set = [`root_dir=${join(home, "own-root")}`, "epochs=2", "net.pooling=max"]
    const { error, results } = await runHere(file, set, { out })
    expect(error).toBe("")
    expect(Object.keys(results as object).sort()).toEqual(["trained", "untrained"])
    expect(readdirSync(join(out, "page"))).toContain("index.html")
    expect(existsSync(join(out, "report.html"))).toBe(true)
  })

  it("runs for pictures without labels", async () => {
    const folder = join(home, "plain")
    await pictures(folder, { "a.png": [10, 20, 30], "b.png": [200, 20, 30], "images/c.png": [10, 220, 30] })
    const file = join(home, "plain.yaml")
    const { text } = await written(folder, file)
    expect(text).toContain("no labels")
    const out = join(home, "plain-run")
    const { error } = await runHere(file, [`root_dir=${home}`], { out })
    expect(error).toBe("")
    expect(existsSync(join(out, "embeddings.npy"))).toBe(true)
    expect(readdirSync(join(out, "page"))).toContain("index.html")
  })

  it("fits a store, with its lists and without", async () => {
    const folder = await miniature("ucm", "for store", 12)
    const prepare = (root: string, more: string) => {
      const file = join(home, "store.yaml")
      writeFileSync(
        file,
        `root_dir: ${root}\npipelines: { p: [{ archive: { kind: ucm, path: ${JSON.stringify(folder)} } }, ${more}decode, store] }\n`
      )
      return runHere(file, [], { out: join(root, "run") })
    }
    const [one, two] = [join(home, "with"), join(home, "without")]
    expect((await prepare(one, "split, ")).error).toBe("")
    expect((await prepare(two, "")).error).toBe("")
    await written(join(one, "patches.lmdb"), join(home, "one.yaml"))
    expect([...makePlan(join(home, "one.yaml"), []).loaded.pipelines.keys()]).toEqual([
      "constants",
      "untrained",
      "train",
      "trained"
    ])
    const { text } = await written(join(two, "patches.lmdb"), join(home, "two.yaml"))
    expect(text).toContain("its folder needs train.csv, val.csv and test.csv")
    expect((await runHere(join(home, "two.yaml"), [], { out: join(home, "two-run") })).error).toBe("")
  })
})

describe("the command", () => {
  it("writes the file, says what was found, and refuses to write it again", async () => {
    const folder = await miniature("ucm", "command", 6)
    const args = ["init", folder, "--to", join(home, "command.yaml")]
    const [first, second] = [await runChild(args), await runChild(args)]
    expect([first.code, first.err]).toEqual([0, ""])
    expect(first.out).toContain("an archive of the kind ucm with 6 images.")
    expect(first.out).toContain(`Written: ${join(home, "command.yaml")}`)
    expect(second.code).toBe(2)
    expect(second.err).toContain("exists already, and is not overwritten. Name another file with `--to`.")
  })
})

describe("a folder or file is refused", () => {
  it("that does not exist, is a file, or holds nothing", async () => {
    const file = join(home, "file.txt")
    writeFileSync(file, "")
    const empty = join(home, "empty")
    mkdirSync(empty)
    expect(await refusal(join(home, "no"))).toContain("there is no such folder")
    expect(await refusal(file)).toContain("is neither a folder nor a store")
    expect(await refusal(empty)).toContain("holds no images")
  })

  it("that holds an archive one level deeper, which is named", async () => {
    await miniature("ucm", "deep/UCM", 6)
    expect(await refusal(join(home, "deep"))).toContain("`UCM` in it looks like ucm")
  })

  it("whose configuration exists already; it keeps its content", async () => {
    const folder = await miniature("ucm", "again", 6)
    const file = join(home, "again.yaml")
    writeFileSync(file, "mine")
    expect(await refusal(folder, file)).toContain("exists already, and is not overwritten")
    expect(readFileSync(file, "utf8")).toBe("mine")
    expect(await refusal(folder, join(home, "no folder", "x.yaml"))).toContain("cannot be written")
  })
})
