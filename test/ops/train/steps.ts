/** Training steps without training, for what comes after it: three an epoch, with figures at each epoch's end. */
import { Stream } from "effect"
import { TrainStep } from "../../../src/ops/elements.ts"
import { source } from "../../../src/pipeline/operator.ts"
import { NonNegativeInt, PositiveInt, param } from "../../../src/pipeline/param.ts"

const PER_EPOCH = 3

/** The mAP of validation goes up and down. */
export const hardOf = (epoch: number): number => Math.fround(0.5 + 0.1 * Math.sin(epoch * 1.9))

export const stepAt = (step: number): TrainStep => {
  const epoch = Math.floor(step / PER_EPOCH)
  const ends = step % PER_EPOCH === PER_EPOCH - 1
  const state = {
    epoch: epoch + 1,
    step: step + 1,
    learningRate: 1e-3,
    schedule: {},
    seed: 1,
    configuration: {},
    network: { model: {}, bands: ["b"], classes: ["x"] },
    weights: [{ name: "w", shape: [2], data: Float32Array.of(epoch, step) }],
    moments: []
  }
  return {
    kind: "step",
    epoch,
    step,
    images: 4,
    learningRate: 1e-3,
    loss: 1 / (step + 1),
    idLoss: 0.25 / (step + 1),
    metricLoss: 0.75 / (step + 1),
    floor: Number.NaN,
    state: ends ? state : undefined,
    validation: ends
      ? {
          "mAP.easy": 0.75,
          "mAP.medium": 0.5,
          "mAP.hard": hardOf(epoch),
          "ACG@100": 1.5,
          "nDCG@100": 0.5,
          "wAP@100": 1
        }
      : undefined
  }
}

export const stepsFor = source({
  name: "steps",
  about: "Steps for tests.",
  to: TrainStep,
  params: { from: param(NonNegativeInt, "The first."), to: param(PositiveInt, "The one after the last.") },
  run: ({ from, to }) =>
    Stream.rechunk(Stream.fromIterable(Array.from({ length: to - from }, (_, i) => stepAt(from + i))), 1)
})
