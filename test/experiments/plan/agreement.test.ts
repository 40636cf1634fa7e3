import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, it } from "vitest"
import { makePlan } from "../../../src/experiments/plan/plan.ts"
import { temporaryFolder } from "../../ops/data/folder.ts"

const file = join(temporaryFolder(), "a.yaml")
const text = (bands: string, channels: number) => `
define: { net: &net { backbone: resnet18, pooling: avg, channels: ${channels}, num_classes: 4 } }
pipelines:
  train:
    - read: { split: train, bands: ${bands} }
    - batch: { size: 4 }
    - optimise: { model: *net, metric_loss: oml, optimizer: sgd, learning_rate: 0.1 }
  query:
    - images: { from: a.png, bands: ${bands} }
    - batch: { size: 1 }
    - embed: { model: *net }
`
const loads = (yaml: string) => {
  writeFileSync(file, yaml)
  return () => makePlan(file, [])
}
const plan = (bands: string, channels: number) => loads(text(bands, channels))

describe("a network", () => {
  it("that takes other channels than patches have is refused where both are known", () => {
    expect(plan("s2-10m+20m", 3)).toThrow(
      `${file}:7:7: pipelines.train.optimise.model.channels: takes 3 channels, but \`read\` gives 10\n` +
        `${file}:11:7: pipelines.query.embed.model.channels: takes 3 channels, but \`images\` gives 10`
    )
    expect(plan("[B02]", 3)).toThrow("takes 3 channels, but `read` gives 1")
    expect(plan("s1", 1)).toThrow("takes 1 channel, but `read` gives 2")
  })

  it.each([
    ["s2-10m+20m", 10],
    ["rgb", 3],
    ["s2", 12],
    ["[B02, B03]", 2],
    ["all", 7]
  ])("for bands %s takes %s channels", (bands, channels) => {
    expect(plan(bands, channels)).not.toThrow()
  })
})

describe("the number of classes of a network", () => {
  const training = (nomenclature: string, model: string) =>
    loads(`pipelines:
  train:
    - read: { split: train, bands: rgb, nomenclature: ${nomenclature} }
    - batch: { size: 4 }
    - optimise: { model: { backbone: resnet18, pooling: avg${model} }, metric_loss: oml, optimizer: sgd, learning_rate: 0.1 }`)

  it("is refused if the labels have another one, where that is known", () => {
    expect(training('"43"', ", num_classes: 19")).toThrow(
      `${file}:5:7: pipelines.train.optimise.model.num_classes: is 19, but the labels have 43 classes; omit it, or set it to 43`
    )
    expect(training('"19"', ", num_classes: 19")).not.toThrow()
    expect(training("UCM", ", num_classes: 17")).not.toThrow()
    expect(training("own", ", num_classes: 5")).not.toThrow()
  })

  it("may be omitted, as that of its bands", () => {
    expect(training('"43"', "")).not.toThrow()
  })
})

describe("a second training in a file", () => {
  it("is refused, since checkpoints of a run folder are one training's", () => {
    const training = (name: string) => `
  ${name}:
    - read: { split: train, bands: rgb }
    - batch: { size: 4 }
    - optimise: { model: { backbone: resnet18, pooling: avg, channels: 3, num_classes: 4 }, metric_loss: oml, optimizer: sgd, learning_rate: 0.1 }
    - checkpoint`
    expect(loads(`pipelines:${training("train")}`)).not.toThrow()
    expect(loads(`pipelines:${training("train")}${training("more")}`)).toThrow(
      `${file}:11:7: pipelines.more.checkpoint: the checkpoints in this run folder belong to \`train\`; put this training into a file`
    )
  })
})

describe("two steps that write one file", () => {
  const evaluation = (name: string, save: string, more: string) => `
  ${name}:
    - read: { split: test, bands: rgb }
    - batch: { size: 4 }
    - embed: { model: { backbone: resnet18, pooling: avg, channels: 3, num_classes: 4 }, weights: initial }
    - save: { to: ${save} }
    - rank: { queries: 0.2, seed: 1 }
    - measure: ${more}
    - report${name === "one" ? "" : `: { as: ${name} }`}`

  it("are refused, since the second would replace what the first has written", () => {
    const one = evaluation("one", "one", "{ per_query: queries }")
    expect(loads(`pipelines:${one}${evaluation("two", "two", "{ per_query: others }")}`)).not.toThrow()
    expect(loads(`pipelines:${one}${evaluation("two", "queries", "{ per_query: one }")}`)).toThrow(
      `${file}:14:7: pipelines.two.save: writes queries.csv, as pipelines.one.measure does; choose another name\n` +
        `${file}:16:7: pipelines.two.measure: writes one.csv, as pipelines.one.save does; choose another name`
    )
    const again = evaluation("two", "two", "{ per_query: others }").replace(": { as: two }", "")
    expect(loads(`pipelines:${one}${again}`)).toThrow(
      "pipelines.two.report: writes results/evaluation.json, as pipelines.one.report does; choose another name"
    )
  })
})
