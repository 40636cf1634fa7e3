/** The tensor engine of a run: opened when it is first needed, announced, and entered in the record. */
import { Effect, Layer } from "effect"
import { type Device, type Engine, type EngineOptions, openEngine, TensorEngine } from "../ops/tensor/engine.ts"

import type { EngineRecord } from "./record.ts"

const facts = ({ name, threads, workers, version, precision, gpu, why }: Engine): EngineRecord => ({
  name,
  version,
  threads,
  workers,
  precision,
  gpu,
  why
})

const described = ({ name, version, threads, precision, gpu }: EngineRecord): string => {
  const special = [...(precision === "bf16" ? [", bf16"] : []), ...(gpu ? [", GPU"] : [])]
  return `${name} (${version}, ${threads} ${threads === 1 ? "thread" : "threads"}${special.join("")})`
}

/**
 * The warning of a run that continues on another engine; undefined on the same one. Numbers differ in their last digits
 * between engines and thread counts, and bfloat16 keeps 8 bits of every factor.
 */
export const engineWarning = (before: EngineRecord | undefined, now: EngineRecord): string | undefined => {
  if (before === undefined || described(before) === described(now)) return undefined
  const rounded = (before.precision === "bf16") !== (now.precision === "bf16")
  const differ = rounded ? "from the third digit" : "in their last digits"
  return `Note: this run began on ${described(before)} and continues on ${described(now)}; numbers may differ ${differ}.`
}

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
  { device, threads, precision }: EngineSettings,
  opened: (engine: EngineRecord) => void
): Layer.Layer<TensorEngine> => {
  const announced = Effect.tap(openEngine(device, { threads, precision }), (engine) =>
    Effect.sync(() => opened(facts(engine)))
  )
  return Layer.effect(
    TensorEngine,
    Effect.map(Effect.cached(announced), (open) => ({ open }))
  )
}
