import { Schema, Stream } from "effect"
import { describe, expect, it } from "vitest"
import { differences, type Operators } from "../../../src/experiments/plan/configuration.ts"
import { optimise } from "../../../src/ops/train/optimise.ts"
import { decodeStep } from "../../../src/pipeline/decode.ts"
import { operator } from "../../../src/pipeline/operator.ts"
import { choice, optional, PositiveInt, param, pipelineParam } from "../../../src/pipeline/param.ts"
import { RECORDED } from "../../ops/train/recorded-0.1.0.ts"
import { Num, Sum } from "../../pipeline/toys.ts"

/** An operator as it is now: version 0.1.0 knew `size` alone, and `shape` without a depth. */
const grown = operator({
  name: "grown",
  about: "Has more parameters than it had.",
  from: Num,
  to: Num,
  params: {
    size: param(PositiveInt, "Edge."),
    missing: param(choice("fail", "skip"), "What to do.", "fail"),
    shape: param(Schema.Struct({ width: PositiveInt, depth: Schema.optionalKey(PositiveInt) }), "A mapping.", {
      width: 2,
      depth: 1
    }),
    label: optional(Schema.String, "May be absent.")
  },
  run: () => (numbers) => numbers
})
const outer = operator({
  name: "outer",
  about: "Runs another pipeline.",
  from: Num,
  to: Num,
  params: { with: pipelineParam<never, never>()(Sum, "The pipeline.") },
  run: () => (numbers) => Stream.map(numbers, (number) => number)
})
const operators: Operators = new Map([grown, outer].map((one) => [one.name, one]))

const configuration = (grownParams: unknown, settings: Readonly<Record<string, unknown>> = { seed: 1 }) => ({
  settings,
  pipelines: { test: [{ grown: grownParams }, { outer: { with: [{ grown: grownParams }] } }] }
})
const now = configuration({ size: 3, missing: "fail", shape: { width: 2, depth: 1 }, label: undefined })
const apart = (recorded: unknown, current = now) => differences(configuration(recorded), current, operators)

describe("a configuration that an earlier version recorded", () => {
  it("equals one whose new parameters have their defaults, in pipelines of parameters too", () => {
    expect(apart({ size: 3, shape: { width: 2, depth: 1 } })).toEqual([])
    expect(apart({ size: 3 })).toEqual([])
  })

  it("equals one whose default is a mapping that has grown", () => {
    expect(apart({ size: 3, missing: "fail", shape: { width: 2 } })).toEqual([])
    expect(apart({ size: 3, shape: { width: 5 } }, configuration({ size: 3, shape: { width: 5, depth: 1 } }))).toEqual(
      []
    )
  })

  it("differs where a new parameter has another value", () => {
    const skipping = configuration({ size: 3, missing: "skip", shape: { width: 2, depth: 7 } })
    expect(apart({ size: 3 }, skipping)).toEqual([
      'pipelines.test.0.grown.missing: "fail" before, "skip" now',
      "pipelines.test.0.grown.shape.depth: 1 before, 7 now",
      'pipelines.test.1.outer.with.0.grown.missing: "fail" before, "skip" now',
      "pipelines.test.1.outer.with.0.grown.shape.depth: 1 before, 7 now"
    ])
  })

  it("differs where a parameter is gone, or has a value that is refused now", () => {
    expect(apart({ size: 3, gone: 1 })[0]).toBe("pipelines.test.0.grown.gone: 1 before, absent now")
    expect(apart({ size: 3, missing: "ask" })[0]).toBe('pipelines.test.0.grown.missing: "ask" before, "fail" now')
  })

  it("has the defaults of settings that it lacks", () => {
    const older = configuration({ size: 3 }, { seed: 1 })
    expect(differences(older, configuration({ size: 3 }, { seed: 1, precision: "float32" }), operators)).toEqual([])
    expect(differences(older, configuration({ size: 3 }, { seed: 1, precision: "bf16" }), operators)).toEqual([
      'settings.precision: "float32" before, "bf16" now'
    ])
  })

  it("of any form, be it damaged, is compared", () => {
    for (const steps of [null, 1, "a", {}, [null], [1], [{ grown: null }], [{ outer: { with: [7] } }]]) {
      const odd = { settings: {}, pipelines: { test: steps } }
      expect(differences(odd, now, operators).length).toBeGreaterThan(0)
    }
  })
})

describe("losses that version 0.1.0 recorded with one key per parameter of every loss", () => {
  const model = { backbone: "resnet10-slim", pooling: "avg", channels: 3, num_classes: 4 } as const
  const former = { model, ...RECORDED }
  const stepOf = (given: object) => decodeStep(optimise, { model, ...given }).params
  const training = (params: unknown) => ({ settings: { seed: 1 }, pipelines: { train: [{ optimise: params }] } })
  const between = (before: unknown, given: object) =>
    differences(training(before), training(stepOf(given)), new Map([["optimise", optimise]]))

  it("equal those of today", () => {
    expect(between(former, {})).toEqual([])
    expect(
      between({ ...former, metric_loss: "triplet_hard", margin: 3 }, { metric_loss: "triplet_hard", margin: 3 })
    ).toEqual([])
  })

  it("differ where the chosen loss has another value", () => {
    expect(between(former, { metric_loss: { name: "oml", temperature: 0.1 } })).toEqual([
      "pipelines.train.0.optimise.metric_loss.temperature: 0.01 before, 0.1 now"
    ])
    expect(between({ ...former, margin: 7 }, {})).toEqual([])
  })
})
