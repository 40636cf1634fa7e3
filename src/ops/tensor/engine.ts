/** The tensor engine as a service: started when it is first needed, one for all operators of a run. */
import { Context, Effect, Layer } from "effect"
import { type Device, type EngineOptions, openEngine } from "./device.ts"
import { EngineError } from "./engine-error.ts"
import type { Engine } from "./operations.ts"

export { type Device, type EngineOptions, openEngine } from "./device.ts"
export { EngineError, EngineMemoryError } from "./engine-error.ts"
export type { Engine, Inference } from "./operations.ts"

/** Service that gives the engine and starts it when it is first needed. */
export class TensorEngine extends Context.Service<
  TensorEngine,
  { readonly open: Effect.Effect<Engine, EngineError> }
>()("orbitrank/ops/TensorEngine") {
  /** Returns a layer with one engine, which is loaded when `open` first runs. */
  static layer(device: Device, options: EngineOptions = {}): Layer.Layer<TensorEngine> {
    return Layer.effect(
      TensorEngine,
      Effect.map(Effect.cached(openEngine(device, options)), (opened) => ({ open: opened }))
    )
  }
}

/** Why a training is refused on `device: onnx`, and the remedy. */
export const NO_TRAINING = {
  problem: "ONNX Runtime computes embeddings, but does not train networks",
  remedy: "Set `device: auto`"
} as const

/**
 * The engine for training, as an effect.
 *
 * @error EngineError if the user chose ONNX Runtime by name
 */
export const trainingEngine: Effect.Effect<Engine, EngineError, TensorEngine> = Effect.suspend(() =>
  Effect.flatMap(engine, (opened) =>
    opened.inference?.named === true
      ? Effect.fail(new EngineError({ subject: "device onnx", ...NO_TRAINING }))
      : Effect.succeed(opened)
  )
)

/** The engine, as an effect. */
export const engine: Effect.Effect<Engine, EngineError, TensorEngine> = Effect.flatMap(TensorEngine, ({ open }) => open)
