import { readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { Effect, Stream } from "effect"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import type { Run } from "../../src/ops/run.ts"
import type { Pipeline } from "../../src/pipeline/pipeline.ts"
import { temporaryFolder } from "../ops/data/folder.ts"
import { runIn } from "../ops/data/streams.ts"
import { compile, type Followed, follow, remove } from "./recipe.ts"

describe("the recipe of a data set", () => {
  let followed: Followed
  const load = <A>(file: string) => import(join(followed.folder, "src", file)) as Promise<A>
  beforeAll(() => {
    followed = follow("dataset")
  })
  afterAll(() => remove(followed))

  it("touches two files, and compiles; without any of its properties it does not", () => {
    expect(followed.files).toEqual(["src/ops/data/archives/tiles/tiles.ts", "src/ops/data/archives/list.ts"])
    compile(followed)
    const path = join(followed.folder, followed.files[0])
    const whole = readFileSync(path, "utf8")
    const [, definition] = whole.split("dataSet({")
    const properties = [...definition.matchAll(/^ {2}\w+: .*\n/gm)].map(([line]) => line)
    expect(properties.length).toBeGreaterThan(8)
    // In one compilation: each copy of the definition lacks one property.
    const copies = properties.map((line, i) => {
      const copy = definition.replace(line, "")
      return `export const without${i} = dataSet({${copy}`
    })
    writeFileSync(path, `${whole}\n${copies.join("\n")}`)
    const message = (() => {
      try {
        compile(followed)
        return ""
      } catch (fault) {
        return (fault as Error).message
      }
    })()
    for (const line of properties) {
      expect(message).toContain(`Property '${line.trim().split(":")[0]}' is missing`)
    }
    writeFileSync(path, whole)
  })

  it("reaches operators, class lists, miniatures, readers and audits", async () => {
    const { miniature } = await load<typeof import("../../src/ops/data/miniature/miniature.ts")>(
      "ops/data/miniature/miniature.ts"
    )
    const { archive } =
      await load<typeof import("../../src/ops/data/archives/archive.ts")>("ops/data/archives/archive.ts")
    const { decode } = await load<typeof import("../../src/ops/data/archives/decode.ts")>("ops/data/archives/decode.ts")
    const { audit } = await load<typeof import("../../src/ops/data/audit/audit.ts")>("ops/data/audit/audit.ts")
    const { NOMENCLATURE_NAMES } = await load<typeof import("../../src/ops/data/archives/nomenclatures.ts")>(
      "ops/data/archives/nomenclatures.ts"
    )
    const { toStream } = await load<typeof import("../../src/pipeline/interpret.ts")>("pipeline/interpret.ts")
    const { layer } = runIn(temporaryFolder())
    const run = <A, E>(pipeline: Pipeline<A, E, Run>) =>
      Effect.runPromise(Effect.provide(Stream.runCollect(toStream(pipeline)), layer))
    expect(NOMENCLATURE_NAMES).toContain("Tiles")
    // The name is not in the types of our own source.
    const kind = "tiles" as "folder"
    const made = await run(miniature({ kind, patches: 10, to: "archive" }))
    const read = await run(archive({ path: "archive" }).pipe(decode()))
    expect(read.map(({ labels, name }) => [name, labels])).toEqual(made.map(({ labels, name }) => [name, labels]))
    expect(read[0].bands.map(({ height, name }) => `${name} ${height}`)).toEqual(["Red 64", "Green 64", "Blue 64"])
    const [found] = await run(audit({ from: "archive" }))
    expect([found.archive, found.nomenclature]).toEqual(["tiles", "Tiles"])
    expect(found.published?.differences).toEqual(["number of patches: 10, published 500"])
  })
})
