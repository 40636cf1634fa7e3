import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { readPth, stateDict } from "../../../../src/ops/model/files/pth.ts"
import { bytesSource, FileFault } from "../../../../src/ops/model/files/source.ts"
import type { PickledTensor } from "../../../../src/ops/model/files/torch-objects.ts"
import { reference, referenceBytes } from "../../../reference.ts"

interface Recorded {
  readonly dtype: string
  readonly shape: ReadonlyArray<number>
  readonly stride: ReadonlyArray<number>
  readonly storage_offset: number
  readonly values: ReadonlyArray<number | string>
}
const recorded = reference<{
  readonly tensors_in_order: Readonly<Record<string, Recorded>>
  readonly epoch: number
  readonly scheduler_state_dict: unknown
  readonly config: unknown
  readonly shares_storage: ReadonlyArray<ReadonlyArray<string>>
}>("tiny-values.json")

const bytesOf = (name: string): Uint8Array => new Uint8Array(referenceBytes(name))
const files = ["tiny-zip.pth", "tiny-legacy.pth"]

/** Maps as plain objects. */
const plain = (value: unknown): unknown => {
  if (value instanceof Map) return Object.fromEntries([...value].map(([key, inner]) => [key, plain(inner)]))
  return Array.isArray(value) ? value.map(plain) : value
}

/** Bytes of a pickle of protocol 2, by opcodes given as text. */
const pickle = (...parts: ReadonlyArray<string | ReadonlyArray<number>>): Uint8Array =>
  Uint8Array.from([
    0x80,
    2,
    ...parts.flatMap((part) => (typeof part === "string" ? [...Buffer.from(part)] : part)),
    0x2e
  ])

/** A zip archive of one stored member `name`. */
const zipOf = (
  name: string,
  content: Uint8Array,
  change: (central: DataView) => void = () => undefined
): Uint8Array => {
  const title = new TextEncoder().encode(name)
  const bytes = new Uint8Array(30 + title.length + content.length + 46 + title.length + 22)
  const view = new DataView(bytes.buffer)
  view.setUint32(0, 0x04034b50, true)
  view.setUint16(26, title.length, true)
  bytes.set(title, 30)
  bytes.set(content, 30 + title.length)
  const central = 30 + title.length + content.length
  view.setUint32(central, 0x02014b50, true)
  view.setUint32(central + 20, content.length, true)
  view.setUint32(central + 24, content.length, true)
  view.setUint16(central + 28, title.length, true)
  bytes.set(title, central + 46)
  change(new DataView(bytes.buffer, central))
  const end = central + 46 + title.length
  view.setUint32(end, 0x06054b50, true)
  view.setUint16(end + 10, 1, true)
  view.setUint32(end + 12, end - central, true)
  view.setUint32(end + 16, central, true)
  return bytes
}

const read = (bytes: Uint8Array) => stateDict(readPth(bytesSource(bytes))).map((tensor) => tensor.values())
const readPickled = (bytes: Uint8Array) => () => read(zipOf("made/data.pkl", bytes))

describe.each(files)("%s", (name) => {
  const file = readPth(bytesSource(bytesOf(name)))
  const tensors = stateDict(file)

  it("has the recorded tensors in order, value by value", () => {
    expect(tensors.map((tensor) => tensor.name)).toEqual(Object.keys(recorded.tensors_in_order))
    for (const { name: key, type, shape, values } of tensors) {
      const { dtype, ...expected } = recorded.tensors_in_order[key]
      expect([key, type, shape]).toEqual([key, dtype, expected.shape])
      // Nine digits tell which float32 is meant, and all narrower types are among them.
      const narrow = /float/.test(dtype) && dtype !== "float64"
      const exact = (value: number | string) => (narrow ? Math.fround(Number(value)) : value)
      const known = expected.values.map((value) => (dtype === "int64" ? BigInt(value) : exact(value)))
      const got = values()
      expect(got).toEqual(known)
    }
  })

  it("has the recorded numbers, texts and lists beside them", () => {
    const whole = file.value as Map<string, unknown>
    expect(whole.get("epoch")).toBe(recorded.epoch)
    expect(plain(whole.get("config"))).toEqual(recorded.config)
    expect(plain(whole.get("scheduler_state_dict"))).toEqual(recorded.scheduler_state_dict)
  })

  it("keeps views of one storage as views", () => {
    const dict = (file.value as Map<string, Map<string, PickledTensor>>).get("model_state_dict")
    for (const [key, { stride, storage_offset }] of Object.entries(recorded.tensors_in_order)) {
      expect([key, dict?.get(key)?.strided]).toMatchObject([key, { stride, offset: storage_offset }])
    }
    const storageOf = (key: string) => dict?.get(key)?.storage.key
    for (const [first, ...others] of recorded.shares_storage) {
      expect(storageOf(first)).toBeDefined()
      for (const key of others) expect([key, storageOf(key) === storageOf(first)]).toEqual([key, true])
    }
  })

  it("gives floating-point arrays as float32, and refuses others as weights", () => {
    for (const tensor of tensors) {
      if (!tensor.type.includes("float")) expect(tensor.floats).toThrow(`holds ${tensor.type} values`)
      else expect([...tensor.floats()]).toEqual(tensor.values().map((value) => Math.fround(Number(value))))
    }
  })

  it("ends in one clear message, or in values, however it is damaged", () => {
    const whole = bytesOf(name)
    let refused = 0
    const change = fc.record({
      at: fc.nat({ max: whole.length - 1 }),
      bytes: fc.uint8Array({ minLength: 1, maxLength: 8 }),
      length: fc.option(fc.nat({ max: whole.length }), { freq: 4 })
    })
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 6 }), (changes) => {
        let damaged = whole.slice()
        for (const { at, bytes, length } of changes) {
          damaged.set(bytes.subarray(0, Math.max(0, damaged.length - at)), Math.min(at, damaged.length))
          if (length !== null) damaged = damaged.slice(0, length)
        }
        try {
          for (const values of read(damaged)) expect(values.length).toBeLessThan(1 << 21)
        } catch (fault) {
          expect(fault).toBeInstanceOf(FileFault)
          expect((fault as FileFault).message).toMatch(/^[a-z]/)
          refused++
        }
      }),
      { numRuns: 300 }
    )
    expect(refused).toBeGreaterThan(30)
  })
})

describe("a pickle that is no weights", () => {
  it("is refused by the name of what it would call, and nothing is called", () => {
    expect(readPickled(pickle("cos\nsystem\n", "X", [4, 0, 0, 0], "true", [0x85], "R"))).toThrow(
      "wants to use os.system, which is no part of weights"
    )
    expect(readPickled(pickle([0x8c, 8], "builtins", [0x8c, 4], "eval", [0x93]))).toThrow("wants to use builtins.eval")
    expect(readPickled(pickle("cnumpy.core.multiarray\nscalar\n"))).toThrow("numpy.core.multiarray.scalar")
  })

  it("is refused where it needs opcodes, kinds or lengths that weights do not", () => {
    // INST, the old way to call.
    expect(readPickled(pickle("(", "ios\nsystem\n"))).toThrow("the opcode 0x69")
    expect(readPickled(pickle("X", [0xff, 0xff, 0xff, 0xff], "short"))).toThrow("ends too early")
    expect(readPickled(pickle([0x8d, 0, 0, 0, 0, 0, 0, 0, 0x80], "short"))).toThrow("ends too early")
    expect(readPickled(pickle("R"))).toThrow("it takes what it has not put")
    expect(readPickled(pickle("]", "K", [1], "K", [2], "s"))).toThrow("a key is set in what is no dict")
    expect(readPickled(pickle("K", [1]))).toThrow("holds no state dict")
    expect(readPickled(pickle("}", "X", [1, 0, 0, 0], "a", "K", [1], "s"))).toThrow("its keys are a")
  })

  it("cannot ask for more memory than the file has", () => {
    // A tensor [4294967295] with a stride of 0 over a storage of one value.
    const one = pickle(
      "}X\x01\0\0\0tctorch._utils\n_rebuild_tensor_v2\n((X\x07\0\0\0storagectorch\nFloatStorage\nX\x01\0\0\x000X\x03\0\0\0cpuK\x01tQ",
      "K\0",
      [0x8a, 5, 0xff, 0xff, 0xff, 0xff, 0],
      [0x85],
      "K\0",
      [0x85],
      "tRs"
    )
    expect(readPickled(one)).toThrow("a tensor [4294967295] that does not fit its storage of 1 values")
  })
})

describe("a zip archive that is no weights", () => {
  const content = pickle("}")
  it("is refused where members are compressed, lie about their size, or are not PyTorch's", () => {
    const of = (name: string, change?: (central: DataView) => void) => () => read(zipOf(name, content, change))
    expect(of("a/data.pkl", (view) => view.setUint16(10, 8, true))).toThrow("compressed or encrypted member a/data.pkl")
    expect(of("a/data.pkl", (view) => view.setUint32(24, 3 * 2 ** 30, true))).toThrow("compressed or encrypted")
    expect(
      of("a/data.pkl", (view) => {
        view.setUint32(20, 3 * 2 ** 30, true)
        view.setUint32(24, 3 * 2 ** 30, true)
      })
    ).toThrow("more than weights need")
    expect(of("a/other.bin")).toThrow("without data.pkl")
    expect(() => read(zipOf("a/data.pkl", content).slice(0, 60))).toThrow("whose end is missing")
    expect(() => read(new Uint8Array(0))).toThrow("ends too early")
  })
})
