/** Writes and deletes checkpoints, whose names and content `model/weights/checkpoints.ts` defines. */
import { rmSync } from "node:fs"
import type { Effect } from "effect"
import type { NamedArray, TrainStep } from "../elements.ts"
import { writeFileAtomic } from "../formats/files.ts"
import { encodeSafetensors } from "../formats/safetensors/write.ts"
import type { CheckpointError } from "../model/model-error.ts"
import { bestPath, checkpointing, checkpointPath, type EpochEnd, epochsIn } from "../model/weights/checkpoints.ts"

/** Whether a step is the last of an epoch, which holds the state. */
export const endsEpoch = (step: TrainStep): step is EpochEnd => step.state !== undefined

const float32 = ({ name, shape, data }: NamedArray) => ({ name, shape, data, dtype: "float32" as const })

/** The step without its arrays; JSON keeps float64 exactly, and NaN as null. */
const metadataOf = ({ state, ...step }: EpochEnd): Readonly<Record<string, string>> => ({
  format: "orbitrank checkpoint 1",
  step: JSON.stringify({ ...step, validation: undefined }),
  state: JSON.stringify({ ...state, weights: undefined, moments: undefined })
})

const encoded = (step: EpochEnd): Uint8Array =>
  encodeSafetensors([...step.state.weights, ...step.state.moments].map(float32), metadataOf(step))

const ROOM = "Free disk space, or choose another run folder"

/**
 * Writes the checkpoint of the best epoch so far, completely or not at all.
 *
 * @returns the path of the file
 */
export const writeBest = (folder: string, step: EpochEnd): Effect.Effect<string, CheckpointError> => {
  const path = bestPath(folder)
  return checkpointing(path, ROOM, () => {
    writeFileAtomic(path, encoded(step))
    return path
  })
}

/**
 * Writes the checkpoint of an epoch, completely or not at all, and deletes the oldest ones beyond `keep`.
 *
 * @returns the file
 */
export const writeCheckpoint = (
  folder: string,
  step: EpochEnd,
  keep: number
): Effect.Effect<string, CheckpointError> => {
  const path = checkpointPath(folder, step.state.epoch)
  return checkpointing(path, ROOM, () => {
    writeFileAtomic(path, encoded(step))
    for (const epoch of epochsIn(folder).slice(0, -keep)) rmSync(checkpointPath(folder, epoch), { force: true })
    return path
  })
}

/** Deletes all checkpoints of a folder. */
export const removeCheckpoints = (folder: string): Effect.Effect<void, CheckpointError> =>
  checkpointing(folder, "Make the folder writable, or choose another run folder", () => {
    for (const epoch of epochsIn(folder)) rmSync(checkpointPath(folder, epoch), { force: true })
  })
