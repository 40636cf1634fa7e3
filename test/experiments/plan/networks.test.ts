import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { Effect, Result } from "effect"
import { describe, expect, it } from "vitest"
import { networksOf, showNetworks } from "../../../src/experiments/plan/networks.ts"
import { makePlan } from "../../../src/experiments/plan/plan.ts"
import { temporaryFolder } from "../../ops/data/folder.ts"

const file = join(temporaryFolder(), "a.yaml")
const networks = (size: string) => {
  writeFileSync(
    file,
    `define: { net: &net { backbone: vgg16, pooling: avg, channels: 3, num_classes: 4 } }
pipelines:
  train:
    - read: { split: train, bands: rgb }
${size}    - batch: { size: 4 }
    - optimise: { model: *net, metric_loss: oml, optimizer: sgd, learning_rate: 0.1 }
  test:
    - read: { split: test, bands: rgb }
${size}    - batch: { size: 1 }
    - embed: { model: *net, weights: initial }
`
  )
  return Effect.runPromise(Effect.result(networksOf(makePlan(file, []))))
}

describe("a network whose images cannot be embedded", () => {
  it("is a fault of each step that applies it", async () => {
    const result = await networks("    - crop: { size: 16 }\n")
    const message = Result.isFailure(result) ? result.failure.message : ""
    const lines = message.split("\n")
    expect(lines).toHaveLength(2)
    expect(lines[0]).toContain(
      `${file}:7:7: pipelines.train.optimise.model: images of 16 x 16 x 3 cannot be embedded: a window of 2 does not fit`
    )
    expect(lines[1]).toContain(`${file}:12:7: pipelines.test.embed.model: images of 16 x 16 x 3 cannot be embedded:`)
  })

  it("is none where they fit, and a note where no step sets their size", async () => {
    const fitting = await networks("    - resize: { size: 224 }\n")
    expect(showNetworks(Result.getOrThrow(fitting))).toContain("; images of 224 x 224 x 3\n")
    const unknown = showNetworks(Result.getOrThrow(await networks("")))
    expect(unknown).toContain("; images of 120 x 120 x 3, assumed because no step before it sets their size\n")
  })

  it("of `compat: original` is told by the size that it resizes to", async () => {
    expect(Result.isSuccess(await networks("    - resize: { size: 64, compat: original }\n"))).toBe(true)
  })

  it("shows how many pieces come of parts that the feature map is too small for", async () => {
    writeFileSync(
      file,
      `pipelines:
  test:
    - read: { split: test, bands: rgb }
    - crop: { size: 120 }
    - batch: { size: 1 }
    - embed: { model: { backbone: resnet18, pooling: avg, channels: 3, num_classes: 4, parts: [[1, 3, 1]] }, weights: initial }
`
    )
    const shown = showNetworks(await Effect.runPromise(networksOf(makePlan(file, []))))
    expect(shown).toContain("embedding of 768 ")
    expect(shown).toContain("parts: [1, 3, 1] gives [1, 2, 1] pieces (channels, rows, columns) on this feature map")
  })
})
