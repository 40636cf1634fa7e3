import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { factsOfPth } from "../../../../../src/ops/model/load/facts.ts"
import { readPth, stateDict } from "../../../../../src/ops/model/load/pytorch/pth.ts"
import type { PickledTensor } from "../../../../../src/ops/model/load/pytorch/torch-objects.ts"
import { bytesSource, FileFault } from "../../../../../src/ops/model/load/source.ts"
import { contiguous, eachIndex, storedTensor } from "../../../../../src/ops/model/load/values.ts"
import { reference, referenceBytes } from "../../../../reference.ts"

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

type Bytes = string | number | ReadonlyArray<number>
/** Bytes of a pickle of protocol 2, by opcodes given as text. */
const pickle = (...parts: ReadonlyArray<Bytes>): Uint8Array =>
  Uint8Array.from([
    0x80,
    2,
    ...parts.flatMap((part) => (typeof part === "string" ? [...Buffer.from(part)] : [part].flat())),
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

const read = (bytes: Uint8Array) => stateDict(readPth(bytesSource(bytes))).tensors.map((tensor) => tensor.values())
const readPickled = (bytes: Uint8Array) => () => read(zipOf("made/data.pkl", bytes))

describe.each(files)("%s", (name) => {
  const file = readPth(bytesSource(bytesOf(name)))
  const { tensors } = stateDict(file)

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
      "uses os.system, which is not part of weights"
    )
    expect(readPickled(pickle([0x8c, 8], "builtins", [0x8c, 4], "eval", [0x93]))).toThrow("uses builtins.eval")
    expect(readPickled(pickle("cnumpy.core.multiarray\nscalar\n"))).toThrow("numpy.core.multiarray.scalar")
  })

  it("is never said to be trusted if it wants to use something unknown", () => {
    const unknown = [
      "os\nsystem",
      "pty\nspawn",
      "tor\u0001h\nx",
      "torch\u0007.nn\nLinear",
      "evil.module\npayload",
      "torchx\nModel"
    ]
    const remedyOf = (name: string): string => {
      try {
        readPickled(pickle(`c${name}\n`))()
      } catch (fault) {
        expect((fault as FileFault).message).toContain("which is not part of weights")
        return (fault as FileFault).remedy ?? ""
      }
      throw new Error(`${name} was read`)
    }
    for (const name of unknown) expect(remedyOf(name)).not.toContain("weights_only")
    for (const name of ["torch.nn.modules.linear\nLinear", "argparse\nNamespace"]) {
      expect(remedyOf(name)).toContain("If you trust the file")
    }
  })

  it("is refused where it needs opcodes, kinds or lengths that weights do not", () => {
    // INST, the old way to call.
    expect(readPickled(pickle("(", "ios\nsystem\n"))).toThrow("the opcode 0x69")
    expect(readPickled(pickle("X", [0xff, 0xff, 0xff, 0xff], "short"))).toThrow("ends too early")
    expect(readPickled(pickle([0x8d, 0, 0, 0, 0, 0, 0, 0, 0x80], "short"))).toThrow("ends too early")
    expect(readPickled(pickle("R"))).toThrow("it takes a value from an empty stack")
    expect(readPickled(pickle("]", "K", [1], "K", [2], "s"))).toThrow("it sets a key of a value that is not a dict")
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

describe("a tensor that a pickle describes", () => {
  const storage = (view: ReadonlyArray<Bytes>): ReadonlyArray<Bytes> => [
    "((X\x07\0\0\0storagectorch\nFloatStorage\nX\x01\0\0\x000X\x03\0\0\0cpuK\x0c",
    ...view,
    "tQ"
  ]
  const tensor = (view: ReadonlyArray<Bytes>, more: ReadonlyArray<Bytes>) => {
    const parts = ["}X\x01\0\0\0tctorch._utils\n_rebuild_tensor_v2\n", ...storage(view), "K\x01", "K\x05", [0x85]]
    const { value } = readPth(
      bytesSource(zipOf("made/data.pkl", pickle(...parts, "K\x01", [0x85], [0x89], "N", ...more, "tRs")))
    )
    return (value as Map<string, PickledTensor>).get("t")
  }
  const metadata = (key: string, value: number) => ["}X", [key.length, 0, 0, 0], key, [value], "s"]

  it("looks into the view of its storage", () => {
    expect(tensor(["(X\x01\0\0\0vK\x04K\x06t"], [])?.strided).toEqual({ offset: 5, shape: [5], stride: [1] })
    expect(() => tensor(["(X\x01\0\0\0vK\x04K\x05t"], [])).toThrow("does not fit its storage of 5 values")
    expect(() => tensor(["(X\x01\0\0\0vK\x08K\x06t"], [])).toThrow("a damaged view")
  })

  it("has its negative bit, and no metadata that is not understood", () => {
    expect(tensor([], [])?.negated).toBe(false)
    expect(tensor([], metadata("neg", 0x88))?.negated).toBe(true)
    expect(tensor([], metadata("neg", 0x89))?.negated).toBe(false)
    expect(tensor([], metadata("conj", 0x88))?.negated).toBe(false)
    expect(() => tensor([], metadata("fake", 0x88))).toThrow("the metadata `fake`, which this program does not apply")
    expect(() => tensor([], ["K\x01"])).toThrow("metadata is not a dict")
  })
})

describe("a pickle that was made to do harm", () => {
  const text = (value: string): ReadonlyArray<Bytes> => ["X", [value.length, 0, 0, 0], value]

  it("cannot make more objects than weights need, alone or by calls with the same list", () => {
    const many = new Uint8Array(4_100_000).fill(0x5d)
    many.set([0x80, 2])
    expect(readPickled(many)).toThrow("more than 4000000 objects")
    const pairs = `](${"K\x01K\x02\x86".repeat(2000)}e\x85q\0`
    const calls = `ccollections\nOrderedDict\nq\x010${"h\x01h\0R0".repeat(2100)}`
    const repeated = Buffer.from(`\x80\x02${pairs}0${calls}}.`, "latin1")
    expect(readPickled(new Uint8Array(repeated))).toThrow("more than 4000000 objects")
  })

  it("cannot bring long lines, or what terminals obey, into messages", () => {
    expect(readPickled(pickle(`c${"m".repeat(1000)}\nname\n`))).toThrow("a name of more than 256 bytes")
    expect(readPickled(pickle("cos\x1b[2J\nsystem\n"))).toThrow("uses os\\u001b[2J.system")
    expect(readPickled(pickle("}", ...text("\x1b[31m"), "K", 1, "s"))).toThrow("its keys are \\u001b[31m")
    expect(readPickled(pickle("}", "K", 7, "K", 1, "s"))).toThrow("it has no keys that are texts")
    // A list within a list, ten thousand deep, as a key.
    expect(readPickled(pickle("}", "]".repeat(10_000), "a".repeat(9_999), "K", [1], "s"))).toThrow("no keys that are")
  })

  it("cannot give a configuration that holds itself, or numbers without end", () => {
    const config = (parts: ReadonlyArray<Bytes>) =>
      zipOf(
        "made/data.pkl",
        pickle("}", ...text("config"), "}", ...text("model"), "}", ...text("parts"), ...parts, "s", "s", "s")
      )
    const facts = (parts: ReadonlyArray<Bytes>) => () => factsOfPth(readPth(bytesSource(config(parts))))
    expect(facts(["]", "q", 0, "h", 0, "a"])).toThrow("`parts` of its network that are not lists of three numbers")
    expect(facts(["](](", 0x8a, 9, ...new Array(8).fill(0xff), 0x7f, "K", 1, "K", 1, "ee"])).toThrow(
      "`parts` of its network that are not"
    )
    expect(facts(["](](", "K", 1, "K", 2, "K", 2, "ee"])().architecture).toEqual({ parts: "[[1,2,2]]" })
  })
})

describe("a state dict beside other things", () => {
  const { storage, value } = readPth(bytesSource(referenceBytes(files[0])))
  const dict = (value as Map<string, unknown>).get("model_state_dict")
  const names = stateDict({ storage, value: dict }).tensors.map(({ name }) => name)
  const wrapped = (...keys: ReadonlyArray<string>) => ({
    storage,
    value: keys.reduceRight<unknown>((inner, key) => new Map([[key, inner]]), dict)
  })

  it.each(["state_dict", "model", "model_state", "network", "net"])("is found under %s, also within `model`", (key) => {
    expect(stateDict(wrapped(key)).tensors.map(({ name }) => name)).toEqual(names)
    expect(stateDict(wrapped("model", key)).tensors.map(({ name }) => name)).toEqual(names)
  })

  it("is not looked for elsewhere", () => {
    expect(() => stateDict(wrapped("other"))).toThrow("holds no state dict: its keys are other")
  })
})

describe("a view of a storage", () => {
  it("is read without the rest of it, and is what all of it would give", () => {
    const axes = fc.array(fc.tuple(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 0, max: 6 })), { maxLength: 3 })
    fc.assert(
      fc.property(axes, fc.nat({ max: 9 }), (given, offset) => {
        const [shape, stride] = [given.map(([n]) => n), given.map(([, step]) => step)]
        const expected: Array<number> = []
        eachIndex({ shape, stride, offset }, (index) => expected.push(index))
        const storage = Float32Array.from({ length: 100 }, (_, i) => i)
        let asked = 0
        const view = storedTensor("x", "float32", { shape, stride, offset }, (from, length) => {
          asked = length
          return new Uint8Array(storage.buffer.slice(from, from + length))
        })
        expect([...view.floats()]).toEqual(expected)
        expect(view.values()).toEqual(expected)
        expect(asked).toBe(4 * (Math.max(...expected) - offset + 1))
      })
    )
  })

  it("of row-major values has the strides of the definition", () => {
    fc.assert(
      fc.property(fc.array(fc.nat({ max: 5 }), { maxLength: 5 }), (shape) => {
        const naive = shape.map((_, axis) => shape.slice(axis + 1).reduce((a, b) => a * b, 1))
        expect(contiguous(shape)).toEqual({ shape, stride: naive, offset: 0 })
      })
    )
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
