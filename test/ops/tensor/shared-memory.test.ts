import { describe, expect, it } from "vitest"
import { get, i32, moduleOf } from "../../../src/ops/formats/wasm.ts"
import { sharingMemory } from "../../../src/ops/tensor/shared-memory.ts"
import { opened } from "./with-engine.ts"

/** A module with a section of memory, see webassembly.github.io/spec/core/binary/modules.html. */
const defining = (...memory: ReadonlyArray<number>): Uint8Array =>
  Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 5, memory.length, ...memory)

describe("a module whose memory threads share", () => {
  it("is the same module but for the kind of its memory", () => {
    const module = defining(1, 1, 0x80, 2, 0x80, 0x80, 4)
    const changed = sharingMemory(module)
    expect(changed).toEqual(defining(1, 3, 0x80, 2, 0x80, 0x80, 4))
    expect(module[11]).toBe(1)
  })

  it("is not made without a largest size, of two memories, or of an imported one", () => {
    expect(sharingMemory(defining(1, 0, 1))).toBeUndefined()
    expect(sharingMemory(defining(2, 1, 1, 2, 1, 1, 2))).toBeUndefined()
    const importing = { name: "f", parameters: 1, returns: true, locals: 0, body: [...get(0), ...i32.isZero], pages: 1 }
    expect(sharingMemory(moduleOf(importing))).toBeUndefined()
  })

  it("is that of the WebAssembly engine", async () => {
    const engine = await opened("wasm")
    const names: Array<string> = []
    const end = engine.share({
      memory: (_, bytes) => new SharedArrayBuffer(bytes),
      run: (loop, data, count) => {
        names.push(loop.name)
        loop.rows(data)(0, count)
      }
    })
    const image = new Float32Array(64 * 64 * 64 * 4)
    engine.scope(() => {
      const [one, zero] = [1, 0].map((value) => engine.tensor(new Float32Array(4).fill(value), [4]))
      engine.normalise(
        engine.tensor(image, [64, 64, 64, 4]),
        { gamma: one, beta: zero, mean: zero, variance: one },
        { relu: true }
      )
    })
    end()
    expect(names).toEqual(["channel scaling"])
  })
})
