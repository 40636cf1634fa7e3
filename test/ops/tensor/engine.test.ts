import { spawnSync } from "node:child_process"
import { Effect } from "effect"
import { describe, expect, it } from "vitest"
import { type Device, engine, TensorEngine } from "../../../src/ops/tensor/engine.ts"

const described = (device: Device) =>
  Effect.runPromise(
    Effect.provide(
      Effect.map(engine, ({ name, threads, why, version }) => ({ name, threads, why, version })),
      TensorEngine.layer(device)
    )
  )

describe("TensorEngine", () => {
  it("gives the engine that is named, and says what it is", async () => {
    const cpu = await described("cpu")
    expect(cpu).toMatchObject({ name: "cpu", threads: 1 })
    expect(cpu.why).toMatch(/^plain JavaScript/)
    const wasm = await described("wasm")
    expect(wasm).toMatchObject({ name: "wasm", threads: 1 })
    expect(wasm.why).toMatch(/^WebAssembly/)
    expect(wasm.version).toMatch(/^TensorFlow\.js \d/)
  })

  it("opens once for the life of its layer", async () => {
    const both = Effect.gen(function* () {
      return [yield* engine, yield* engine]
    })
    const [first, second] = await Effect.runPromise(Effect.provide(both, TensorEngine.layer("cpu")))
    expect(second).toBe(first)
  })

  it("works in one process with another engine, each scope on its own", async () => {
    const [cpu, wasm] = await Promise.all(
      (["cpu", "wasm"] as const).map((device) => Effect.runPromise(Effect.provide(engine, TensorEngine.layer(device))))
    )
    for (const one of [cpu, wasm, cpu, wasm]) {
      const sum = one.scope(() => [...one.read(one.relu(one.tensor(Float32Array.of(-1, 2), [2])))])
      expect(sum).toEqual([0, 2])
    }
  })

  it("starts silently under tsx, and only when first used", () => {
    const script = `
      import { Effect } from "effect"
      import { engine, TensorEngine } from "./src/ops/tensor/engine.ts"
      const run = (effect) => Effect.runPromise(Effect.provide(effect, TensorEngine.layer("wasm")))
      const loaded = () => globalThis._tfengine !== undefined
      run(TensorEngine).then(() => {
        const before = loaded()
        return run(Effect.map(engine, (e) => console.log(before, loaded(), e.name, e.scope(() => e.read(e.tensor(Float32Array.of(4), [1])))[0])))
      })`
    const child = spawnSync(process.execPath, ["--import", "tsx", "--input-type=module", "-e", script], {
      encoding: "utf8"
    })
    expect(child.stderr).toBe("")
    expect(child.stdout).toBe("false true wasm 4\n")
  })
})
