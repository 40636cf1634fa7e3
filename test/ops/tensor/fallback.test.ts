import { createRequire } from "node:module"
import { Effect } from "effect"
import { expect, it, vi } from "vitest"
import { openEngine } from "../../../src/ops/tensor/engine.ts"

// The engine loads the package by `require`, which `vi.mock` does not see.
vi.spyOn(createRequire(import.meta.url)("@tensorflow/tfjs-backend-wasm"), "setWasmPaths").mockImplementation(() => {
  throw new Error("no WebAssembly here")
})

it("auto takes plain JavaScript where WebAssembly does not load, and says why", async () => {
  const engine = await Effect.runPromise(openEngine("auto", { project: "/nowhere" }))
  expect(engine.name).toBe("cpu")
  expect(engine.why).toContain("no WebAssembly here")
})

it("an engine that is named never falls back", async () => {
  const error = await Effect.runPromise(Effect.flip(openEngine("wasm")))
  expect(error._tag).toBe("EngineError")
  expect(error.message).toBe(
    "device wasm: the engine does not load (no WebAssembly here). Set `device: cpu`, or reinstall the packages with `npm ci`."
  )
})
