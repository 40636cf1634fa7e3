/** What messages advise. */
import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, it } from "vitest"

const root = join(import.meta.dirname, "../src")
const files = readdirSync(root, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".ts"))

/** Texts in quotes that begin a sentence, as remedies do, or go on with one. */
const TEXT = /(["`])((?:(?!\1)[^\\\n]|\\.)*)\1/g
const DELETES =
  /(?:^|[.;,] |\bor |\band )(?:delete|remove|erase) (?:it|them|the (?:file|folder|store)|this|that)\b(?! from)/i

/** The folder that `setup:tensorflow` makes holds nothing but what it has fetched. */
const OURS = ["ops/tensor/setup/load.ts"]

describe("advice", () => {
  it("is never to delete a file, a folder or a store: whose it is, no message can know", () => {
    const found = files
      .filter((name) => !OURS.includes(name))
      .flatMap((name) =>
        [...readFileSync(join(root, name), "utf8").matchAll(TEXT)]
          .filter(([, , text]) => DELETES.test(text))
          .map(([text]) => `${name}: ${text}`)
      )
    expect(found).toEqual([])
    expect(DELETES.test("Delete it and run the pipeline that stores patches again")).toBe(true)
    expect(DELETES.test("Give the folder of a store, or delete it and run")).toBe(true)
  })
})
