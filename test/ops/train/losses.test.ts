import { readdirSync, readFileSync } from "node:fs"
import { join, resolve } from "node:path"
import { Result } from "effect"
import { describe, expect, it } from "vitest"
import { language } from "../../../src/experiments/plan/plan.ts"
import { minerNames } from "../../../src/ops/train/losses/miners.ts"
import { losses } from "../../../src/ops/train/losses.ts"
import { optimise } from "../../../src/ops/train/optimise.ts"
import { optimisers } from "../../../src/ops/train/optimisers.ts"
import { decodeRecorded, decodeStep } from "../../../src/pipeline/decode.ts"
import { load } from "../../../src/pipeline/load.ts"
import { tiny } from "./harness.ts"
import { RECORDED } from "./recorded-0.1.0.ts"

const decoded = (given: object) => decodeStep(optimise, { model: tiny, ...given })
const said = (given: object) => decoded(given).faults.map(({ path, problem }) => `${path.join(".")}: ${problem}`)
/** The parameters that `optimise` gets. */
const params = (given: object) => {
  expect(said(given)).toEqual([])
  return decoded(given).params
}

it("docs/training.md has a place for every loss, miner and optimiser that says when to use it", () => {
  const page = readFileSync(resolve(import.meta.dirname, "../../../docs/training.md"), "utf8")
  const section = (title: string, next: string) => page.slice(page.indexOf(`\n${title}\n`), page.indexOf(`\n${next}\n`))
  const without = (text: string, names: ReadonlyArray<string>) => names.filter((name) => !text.includes(`\`${name}\``))
  const named = losses.map(({ name }) => name)
  expect(without(section("### Which loss to use", "### Relations"), named)).toEqual([])
  const headings = page.match(/^### .*\((id|metric)\)$/gm)?.join(", ") ?? ""
  expect(named.filter((name) => !new RegExp(`[ ,]${name}[ ,]`).test(headings))).toEqual([])
  expect(
    without(section("### multi_similarity, circle, margin, triplet (metric)", "### proxy_anchor (metric)"), minerNames)
  ).toEqual([])
  expect(
    without(
      section("## Optimisers and schedules", "## Stopping and resuming"),
      optimisers.map(({ name }) => name)
    )
  ).toEqual([])
})

describe("the list of losses", () => {
  it("holds every definition in the folder of losses", async () => {
    const folder = resolve(import.meta.dirname, "../../../src/ops/train/losses")
    const modules = await Promise.all(readdirSync(folder).map((file) => import(join(folder, file))))
    const found = modules.flatMap((module) =>
      Object.values(module).filter(
        (value): value is (typeof losses)[number] => typeof value === "object" && value !== null && "loss" in value
      )
    )
    expect(found.map(({ name }) => name).sort()).toEqual(losses.map(({ name }) => name).sort())
  })
})

describe("a loss in a configuration", () => {
  it("is a name, or a mapping of the name and its own parameters, with one value", () => {
    const oml = { name: "oml", temperature: 0.01 }
    expect(params({}).metric_loss).toEqual(oml)
    expect(params({ metric_loss: "oml" }).metric_loss).toEqual(oml)
    expect(params({ metric_loss: { name: "oml", temperature: 0.01 } }).metric_loss).toEqual(oml)
    const triplet = params({
      metric_loss: { name: "triplet_hard", margin: 3 },
      id_loss: "ml_xent",
      loss_weight: [7, 1]
    })
    expect(triplet.metric_loss).toEqual({ name: "triplet_hard", sim_threshold: 0.5, mining_strategy: "ji", margin: 3 })
    expect(triplet.id_loss).toBe("ml_xent")
    expect(triplet.loss_weight).toEqual([7, 1])
  })

  it("takes its parameters beside it, too, as before", () => {
    expect(params({ metric_loss: "contrastive_avg", margin: 1, exclude_anchor: true, sim_threshold: 0.2 })).toEqual(
      params({ metric_loss: { name: "contrastive_avg", margin: 1, exclude_anchor: true, sim_threshold: 0.2 } })
    )
    expect(params({ temperature: 0.2 })).toEqual(params({ metric_loss: { name: "oml", temperature: 0.2 } }))
    expect(params({ optimizer: "sgd", momentum: 0.5 })).toEqual(params({ optimizer: { name: "sgd", momentum: 0.5 } }))
    expect(params({ metric_loss: { name: "triplet_avg", margin: 2 }, sim_threshold: 0.1 })).toEqual(
      params({ metric_loss: { name: "triplet_avg", margin: 2, sim_threshold: 0.1 } })
    )
  })

  it("refuses parameters of other losses and optimisers, with the right names", () => {
    expect(
      said({
        metric_loss: "oml",
        margin: 3,
        exclude_anchor: true,
        sim_threshold: 0.2,
        momentum: 0.5,
        loss_weight: [7, 1]
      })
    ).toEqual([
      "margin: belongs to `contrastive_avg`, `triplet_avg`, `triplet_hard`, `margin`, `triplet`, but `metric_loss` is `oml`, which takes `temperature`",
      "exclude_anchor: belongs to `contrastive_avg`, `triplet_avg`, but `metric_loss` is `oml`, which takes `temperature`",
      "sim_threshold: belongs to `contrastive_avg`, `triplet_avg`, `triplet_hard`, `smoothap`, but `metric_loss` is `oml`, which takes `temperature`",
      "momentum: belongs to `sgd`, but `optimizer` is `adam`, which has no parameters",
      "loss_weight: has the weight 7 for `id_loss`, which is `none`; choose that loss, or set the weight to 0"
    ])
    expect(said({ loss_weight: [7, 1] })).toEqual([
      "loss_weight: has the weight 7 for `id_loss`, which is `none`; choose that loss, or set the weight to 0"
    ])
    expect(said({ metric_loss: "none", id_loss: "ml_xent", temperature: 1 })).toEqual([
      "temperature: belongs to `oml`, `smoothap`, `supcon`, `mulsupcon`, `sndl`, `happier`, `roadmap`, `recall_at_k`, but `metric_loss` is `none`"
    ])
    expect(said({ metric_loss: { name: "oml", margin: 3 } })).toEqual([
      "metric_loss.margin: belongs to `contrastive_avg`, `triplet_avg`, `triplet_hard`, `margin`, `triplet`, but `metric_loss` is `oml`, which takes `temperature`"
    ])
  })

  it("chooses a relation, which has parameters of its own", () => {
    const plain = { name: "supcon", relation: "graded_jaccard", temperature: 0.1 }
    expect(params({ metric_loss: "supcon" }).metric_loss).toEqual(plain)
    expect(params({ metric_loss: "supcon", relation: "any" }).metric_loss).toEqual({ ...plain, relation: "any" })
    const jaccard = { name: "jaccard", threshold: 0.5 }
    expect(params({ metric_loss: { name: "circle", relation: "jaccard" } }).metric_loss).toMatchObject({
      relation: jaccard
    })
    expect(params({ metric_loss: "circle" }).metric_loss).toMatchObject({ relation: jaccard })
    expect(said({ metric_loss: { name: "supcon", relation: { name: "shared", n: 0, threshold: 1 } } })).toEqual([
      "metric_loss.relation.threshold: belongs to `jaccard`, but `relation` is `shared`, which takes `n`",
      "metric_loss.relation.n: expected a whole number of at least 1, found 0"
    ])
    expect(said({ metric_loss: { name: "supcon", relation: "jacard" } })).toEqual([
      'metric_loss.relation: unknown value "jacard"; did you mean `jaccard`?'
    ])
  })

  it("reports wrong names and values where they stand", () => {
    expect(said({ metric_loss: "olm" })).toEqual(['metric_loss: unknown value "olm"; did you mean `oml`?'])
    expect(said({ metric_loss: "ml_xent" })[0]).toContain('metric_loss: unknown value "ml_xent"')
    expect(said({ temperature: 0 })).toEqual(["temperature: expected a number above 0, found 0"])
    expect(said({ metric_loss: { name: "oml", temperature: 0 } })).toEqual([
      "metric_loss.temperature: expected a number above 0, found 0"
    ])
    expect(said({ metric_loss: { name: "oml", temperature: 1 }, temperature: 1 })).toEqual([
      "temperature: is given twice: here and in `metric_loss`"
    ])
    expect(said({ metric_loss: 3 })[0]).toContain("metric_loss: expected one of none, contrastive_avg")
  })

  it("reports faults of a file at their lines", () => {
    const text = [
      "pipelines:",
      "  train:",
      "    - optimise:",
      "        model: { backbone: resnet10-slim, pooling: avg, channels: 2, num_classes: 3 }",
      "        metric_loss: { name: oml, tempreture: 1 }",
      "        margin: 3"
    ].join("\n")
    const result = load(text, "mine.yaml", language)
    const message = Result.isFailure(result) ? result.failure.message : ""
    expect(message).toContain(
      "mine.yaml:5:35: pipelines.train.optimise.metric_loss.tempreture: unknown key; did you mean"
    )
    expect(message).toContain("mine.yaml:6:9: pipelines.train.optimise.margin: belongs to `contrastive_avg`")
  })

  it("is what version 0.1.0 recorded with one key per parameter of every loss", () => {
    const recorded = { ...RECORDED, learning_rate: 0.0015 }
    const now = params({ metric_loss: "oml", optimizer: "adam", learning_rate: 1.5e-3 })
    expect(decodeRecorded(optimise, { model: tiny, ...recorded })).toEqual(now)
    // Of a loss and an optimiser that had them, the values count.
    const other = { ...recorded, metric_loss: "triplet_avg", margin: 3, optimizer: "sgd", momentum: 0.5 }
    expect(decodeRecorded(optimise, { model: tiny, ...other })).toEqual(
      params({
        metric_loss: { name: "triplet_avg", margin: 3 },
        optimizer: { name: "sgd", momentum: 0.5 },
        learning_rate: 1.5e-3
      })
    )
    // Values that this version does not accept, and unknown ones, stay: they are a difference.
    expect(decodeRecorded(optimise, { model: tiny, metric_loss: "proxy_ap", later: 1 })).toMatchObject({
      metric_loss: "proxy_ap",
      later: 1
    })
  })
})
