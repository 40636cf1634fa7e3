/**
 * Names and reading of checkpoints. `epoch_0001.safetensors` holds everything that training needs to resume after epoch 1
 * as if it had never stopped: weights under their names, the optimiser's moments under `MOMENT/NAME`, and the rest of the
 * state as metadata.
 */
import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { Effect, Result, Schema } from "effect"
import { check } from "../../../pipeline/check.ts"
import { choice, Finite, NonNegativeInt, type Plain, PositiveInt, Seed } from "../../../pipeline/param.ts"
import type { NamedArray, TrainState, TrainStep } from "../../elements.ts"
import { DataError } from "../../formats/data-error.ts"
import { decodeSafetensors } from "../../formats/safetensors/read.ts"
import { allFinite } from "../../tensor/finite.ts"
import { CheckpointError } from "../model-error.ts"

/** A training step that ended an epoch. */
export type EpochEnd = TrainStep & { readonly state: TrainState }

const FILE = /^epoch_(\d{4,})\.safetensors$/

/** Path of the checkpoint of an epoch. */
export const checkpointPath = (folder: string, epoch: number): string =>
  join(folder, `epoch_${String(epoch).padStart(4, "0")}.safetensors`)

/** Path of the checkpoint of the best epoch. */
export const bestPath = (folder: string): string => join(folder, "best.safetensors")

/** Whether an array of a checkpoint belongs to the optimiser: only those names contain a slash. */
export const isMoment = (name: string): boolean => name.includes("/")

/** Epochs that have a checkpoint in a folder, ascending. Other files are ignored. */
export const epochsIn = (folder: string): ReadonlyArray<number> => {
  try {
    const numbers = readdirSync(folder).flatMap((name) => FILE.exec(name)?.[1] ?? [])
    return numbers.map(Number).sort((a, b) => a - b)
  } catch (fault) {
    if ((fault as NodeJS.ErrnoException).code === "ENOENT") return []
    throw fault
  }
}

/**
 * Runs a function that reads or writes a checkpoint. Every error becomes a CheckpointError.
 *
 * @param subject file or folder that the message names
 * @param remedy remedy of the message, unless the error already is a CheckpointError
 */
export const checkpointing = <A>(subject: string, remedy: string, body: () => A): Effect.Effect<A, CheckpointError> =>
  Effect.try({
    try: body,
    catch: (cause) => {
      if (cause instanceof CheckpointError) return cause
      // The subject and the remedy of the DataError would repeat the checkpoint's own.
      if (cause instanceof DataError) return new CheckpointError({ subject, problem: cause.problem, remedy, cause })
      const problem = cause instanceof Error ? cause.message.replace(/\.$/, "") : String(cause)
      return new CheckpointError({ subject, problem, remedy, cause })
    }
  })

const State = Schema.Struct({
  epoch: PositiveInt,
  step: PositiveInt,
  learningRate: Finite,
  schedule: Schema.Struct({ best: Schema.NullOr(Finite), waited: NonNegativeInt, lowered: NonNegativeInt }),
  seed: Seed,
  configuration: Schema.Record(Schema.String, Schema.Unknown),
  network: Schema.Struct({
    model: Schema.Record(Schema.String, Schema.Union([Schema.String, Finite])),
    bands: Schema.Array(Schema.String),
    classes: Schema.Array(Schema.String)
  }),
  /** Missing in files of older versions. */
  images: Schema.optionalKey(
    Schema.Struct({
      height: PositiveInt,
      width: PositiveInt,
      normalisation: Schema.optionalKey(
        Schema.Struct({
          by: Schema.String,
          mean: Schema.optionalKey(Schema.Array(Finite)),
          std: Schema.optionalKey(Schema.Array(Finite))
        })
      ),
      sizing: Schema.optionalKey(
        Schema.Array(Schema.Union([Schema.Struct({ resize: PositiveInt }), Schema.Struct({ crop: PositiveInt })]))
      )
    })
  )
})

const Step = Schema.Struct({
  kind: choice("step"),
  epoch: NonNegativeInt,
  step: NonNegativeInt,
  images: PositiveInt,
  learningRate: Finite,
  loss: Finite,
  idLoss: Finite,
  metricLoss: Finite,
  /** Missing in files of older versions. */
  floor: Schema.optionalKey(Schema.NullOr(Finite))
})

/** Parses and checks one entry of the metadata. */
const decoded = <A>(name: "state" | "step", schema: Plain<A>, text: string): A => {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    throw new Error(`holds a \`${name}\` that is not JSON`)
  }
  return Result.getOrThrowWith(check(schema, value), ([{ path, problem }]) => {
    return new Error(`holds a damaged \`${name}\`: ${[path.join("."), problem].join(" ").trim()}`)
  })
}

/** Float32 arrays of a file, without the counters that PyTorch keeps beside batch norms. */
const arraysIn = (path: string) => {
  const { tensors, metadata } = decodeSafetensors(readFileSync(path), path)
  const arrays = tensors
    .filter(({ name }) => !name.endsWith(".num_batches_tracked"))
    .map(({ name, shape, data }): NamedArray => {
      if (!(data instanceof Float32Array)) throw new Error(`array ${name} does not hold float32 values`)
      if (!allFinite(data)) throw new Error(`array ${name} holds NaN or infinite values`)
      return { name, shape, data }
    })
  return { arrays, metadata }
}

const damaged = "Move it away: training then continues from the checkpoint before it, or from the start"

/** Error for a checkpoint from which training cannot resume. */
export const damagedCheckpoint = (subject: string, problem: string): CheckpointError =>
  new CheckpointError({ subject, problem, remedy: damaged })

const read = (path: string): EpochEnd => {
  const { arrays, metadata } = arraysIn(path)
  if (metadata.step === undefined || metadata.state === undefined) throw new Error("is not a checkpoint of training")
  const step = decoded("step", Step, metadata.step)
  const state: TrainState = {
    ...decoded("state", State, metadata.state),
    weights: arrays.filter(({ name }) => !isMoment(name)),
    moments: arrays.filter(({ name }) => isMoment(name))
  }
  if (path !== checkpointPath(join(path, ".."), state.epoch))
    throw new Error(`is the checkpoint of epoch ${state.epoch}`)
  return { ...step, floor: step.floor ?? Number.NaN, validation: undefined, state }
}

/** Reads the last step of an epoch, with the state after it. */
export const readCheckpoint = (folder: string, epoch: number): Effect.Effect<EpochEnd, CheckpointError> => {
  const path = checkpointPath(folder, epoch)
  return checkpointing(path, damaged, () => read(path))
}

/**
 * Number of finished epochs of the newest checkpoint; 0 if there is none. The file is read, so that a damaged one is found
 * before training resumes from it.
 */
export const newestEpoch = (folder: string): Effect.Effect<number, CheckpointError> =>
  Effect.gen(function* () {
    const epoch = yield* checkpointing(folder, "Make the folder readable", () => epochsIn(folder).at(-1) ?? 0)
    if (epoch > 0) yield* readCheckpoint(folder, epoch)
    return epoch
  })
