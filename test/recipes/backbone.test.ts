import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { compile, type Followed, follow, remove } from "./recipe.ts"

describe("the recipe of a backbone", () => {
  let followed: Followed
  const load = <A>(file: string) => import(join(followed.folder, "src", file)) as Promise<A>
  beforeAll(() => {
    followed = follow("backbone")
  })
  afterAll(() => remove(followed))

  it("touches two files, and compiles", () => {
    expect(followed.files).toEqual(["src/ops/model/backbones/plain.ts", "src/ops/model/backbones.ts"])
    compile(followed)
  })

  it("gives a network that is built by name, for any number of bands", async () => {
    const { backboneNames } = await load<{ backboneNames: ReadonlyArray<string> }>("ops/model/backbones.ts")
    expect(backboneNames).toContain("plain")
    const { makeModel } = await load<typeof import("../../src/ops/model/model.ts")>("ops/model/model.ts")
    // The name is not in the types of our own source.
    const params = { backbone: "plain" as never, pooling: "avg", channels: 5, num_classes: 3 } as const
    const { parameters } = makeModel(params as unknown as Parameters<typeof makeModel>[0])
    expect(parameters.find(({ name }) => name === "encoder.conv1.weight")?.shape).toEqual([64, 5, 3, 3])
    expect(followed.yaml).toContain("backbone: plain")
  })
})
