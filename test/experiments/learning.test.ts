/** Training learns what is there, and nothing where nothing is. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, describe, expect, it } from "vitest"
import { runChild } from "./child.ts"

const home = mkdtempSync(join(tmpdir(), "orbitrank-"))
afterAll(() => rmSync(home, { recursive: true, force: true }))

/** Trained hard mAP over untrained, on a smaller archive than the quickstart's. */
const gain = async (name: string, ...set: ReadonlyArray<string>) => {
  const settings = [`root_dir=${join(home, "data")}`, "prepare.miniature.patches=700", "train.batch.size=32", ...set]
  const args = ["configs/quickstart.yaml", "--out", join(home, name), ...settings.flatMap((one) => ["--set", one])]
  expect(await runChild(args)).toMatchObject({ code: 0 })
  const { results } = JSON.parse(readFileSync(join(home, name, "record.json"), "utf8"))
  return results.trained.mAP.hard / results.untrained.mAP.hard
}

describe("training on the miniature archive", () => {
  it("learns to find patches with the same labels", async () => {
    expect(await gain("true")).toBeGreaterThan(2.5)
  })

  it("learns nothing from labels that are shuffled among the images", async () => {
    expect(await gain("shuffled", "train.read.shuffle_labels=true")).toBeLessThan(1.5)
  })
}, 400_000)
