/** The tensor engine as a service: opened when first asked for, one for all operators of a run. */
import { Context, Effect, Layer } from "effect"
import { type Device, type EngineOptions, openEngine } from "./device.ts"
import type { EngineError } from "./engine-error.ts"
import type { Engine } from "./operations.ts"

export { type Device, type EngineOptions, openEngine } from "./device.ts"
export { EngineError, EngineMemoryError } from "./engine-error.ts"
export type { Engine } from "./operations.ts"

/** Gives the engine, starting it when first asked for. */
export class TensorEngine extends Context.Service<
  TensorEngine,
  { readonly open: Effect.Effect<Engine, EngineError> }
>()("orbitrank/ops/TensorEngine") {
  /** Loads nothing until `open` is first run; then one engine for the life of the layer. */
  static layer(device: Device, options: EngineOptions = {}): Layer.Layer<TensorEngine> {
    return Layer.effect(
      TensorEngine,
      Effect.map(Effect.cached(openEngine(device, options)), (opened) => ({ open: opened }))
    )
  }
}

/** The engine itself, inside an effect. */
export const engine: Effect.Effect<Engine, EngineError, TensorEngine> = Effect.flatMap(TensorEngine, ({ open }) => open)
