/** A search by the command line, in embeddings without pixels. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, expect, it } from "vitest"
import { writeNpy } from "../ops/retrieve/embeddings/npy.ts"
import { runChild } from "./child.ts"

const home = mkdtempSync(join(tmpdir(), "orbitrank-"))
afterAll(() => rmSync(home, { recursive: true, force: true }))

it("configs/search.yaml finds the nearest of one query after another, says it, and draws nothing without a store", async () => {
  const [npy, csv, out] = [join(home, "E.npy"), join(home, "L.csv"), join(home, "out")]
  writeNpy(npy, Float32Array.of(1, 0, 0.1, 1, 2, 0.3, -1, 0), 4, 2)
  writeFileSync(csv, "name,sea,land\na,1,0\nb,0,1\nc,1,1\nd,0,0\n")
  const args = ["configs/search.yaml", "--out", out, "--set", `embeddings=${npy}`, "--set", `labels=${csv}`]
  const { code, err } = await runChild([...args, "--set", `root_dir=${home}`, "--set", "query=a", "--set", "top=2"])
  expect([code, err]).toEqual([0, expect.stringMatching(/\n1 {2}c {6,}0\.9889 {4}0\.50 {2}sea; land\n2 {2}b /)])
  expect(err).toContain("No strips: ")
  expect(err).toContain(`page: ${join(out, "search.html")}`)
  const [{ query, results }] = JSON.parse(readFileSync(join(out, "search.json"), "utf8"))
  expect([query.name, ...results.map(({ name }: { name: string }) => name)]).toEqual(["a", "c", "b"])
  const another = await runChild([...args, "--set", `root_dir=${home}`, "--set", "query=b", "--set", "top=1"])
  expect([another.code, another.err]).toEqual([0, expect.stringContaining("1 of 4 images most similar to b")])
  const unknown = await runChild([...args, "--set", `root_dir=${home}`, "--set", "query=e"])
  expect([unknown.code, unknown.err]).toEqual([1, expect.stringContaining("none of 4 images has this name")])
})
