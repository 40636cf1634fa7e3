/** The tensor engine of a run: opened when it is first needed, announced, and entered in the record. */
import { Effect, Layer } from "effect"
import { type Device, type Engine, type EngineOptions, openEngine, TensorEngine } from "../../ops/tensor/engine.ts"
import type { EngineRecord } from "../folder/record.ts"

/** An opened engine as records hold it. */
export const engineRecord = ({
  name,
  threads,
  workers,
  version,
  precision,
  gpu,
  graphs,
  inference,
  why
}: Engine): EngineRecord => ({
  name,
  version,
  threads,
  workers,
  precision,
  gpu,
  graph: graphs !== undefined,
  ...(inference === undefined ? {} : { inference: inference.library }),
  why
})

const described = ({ name, version, threads, precision, gpu, graph, inference }: EngineRecord): string => {
  const special = [
    ...(precision === "bf16" ? [", bf16"] : []),
    ...(gpu ? [", GPU"] : []),
    ...(graph ? [", graphs"] : []),
    ...(inference === undefined ? [] : [`, embeddings by ${inference}`])
  ]
  return `${name} (${version}, ${threads} ${threads === 1 ? "thread" : "threads"}${special.join("")})`
}

/**
 * The warning of a run that continues on another engine; undefined on the same one. Numbers differ in their last digits
 * between engines, thread counts, and with or without graphs; bfloat16 keeps 8 bits of every factor.
 */
export const engineWarning = (before: EngineRecord | undefined, now: EngineRecord): string | undefined => {
  if (before === undefined || described(before) === described(now)) return undefined
  const rounded = (before.precision === "bf16") !== (now.precision === "bf16")
  const differ = rounded ? "from the third digit" : "in their last digits"
  return `Note: this run began on ${described(before)} and continues on ${described(now)}; numbers may differ ${differ}.`
}

/**
 * Whether networks run as graphs: as the user says, or else as the run began. Runs of version 0.1.0 began without.
 *
 * @example
 * graphMode(undefined, undefined) // => true
 */
export const graphMode = (set: boolean | undefined, before: EngineRecord | undefined): boolean =>
  set ?? (before === undefined || before.name !== "tensorflow" || before.graph === true)

/**
 * Whether `auto` may use ONNX Runtime: a run that began without it continues without it, because digits would differ.
 *
 * @example
 * inferenceMode(undefined) // => true
 */
export const inferenceMode = (before: EngineRecord | undefined): boolean =>
  before === undefined || before.inference !== undefined

/** The settings of a file that determine the engine. */
export interface EngineSettings extends EngineOptions {
  readonly device: Device
}

/**
 * The engine as a layer. It opens when an operator first asks for it.
 *
 * @param opened called once, when the engine has opened
 */
export const engineLayer = (
  { device, graph, inference, precision, threads }: EngineSettings,
  opened: (engine: EngineRecord) => void
): Layer.Layer<TensorEngine> => {
  const announced = Effect.tap(openEngine(device, { graph, inference, precision, threads }), (engine) =>
    Effect.sync(() => opened(engineRecord(engine)))
  )
  return Layer.effect(
    TensorEngine,
    Effect.map(Effect.cached(announced), (open) => ({ open }))
  )
}
