import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import fc from "fast-check"
import { afterAll, describe, expect, it } from "vitest"
import type { NamedArray } from "../../../../src/ops/elements.ts"
import { adaptBands, loadWeights } from "../../../../src/ops/model/load/load.ts"
import { rename } from "../../../../src/ops/model/load/names.ts"
import { openWeightFile } from "../../../../src/ops/model/load/open.ts"
import { readSafetensors, writeSafetensors } from "../../../../src/ops/model/load/safetensors.ts"
import { bytesSource, FileFault } from "../../../../src/ops/model/load/source.ts"
import { makeModel } from "../../../../src/ops/model/model.ts"
import type { ModelParams } from "../../../../src/ops/model/params.ts"
import { exportWeights } from "../../../../src/ops/model/weights/export.ts"
import { reference, referenceDir } from "../../../reference.ts"
import { initialWeights } from "../initial.ts"
import { sameBits } from "../recorded.ts"

const folder = mkdtempSync(join(tmpdir(), "orbitrank-weights-"))
afterAll(() => rmSync(folder, { recursive: true }))

const params: ModelParams = { backbone: "resnet10-slim", pooling: "avg", channels: 3, num_classes: 4 }
/** The network that the recorded checkpoint names. */
const { backbone, parts } = reference<{
  readonly config: { readonly model: Required<Pick<ModelParams, "backbone" | "parts">> }
}>("tiny-values.json").config.model
const FIRST = "encoder.encoder_block0.0.weight"
const FC = "head.head.fc.weight"
const model = makeModel(params)
const theirs = initialWeights(model, 1)
const manifest = {
  architecture: model.params,
  bands: ["R", "G", "B"],
  classes: ["a", "b", "c", "d"],
  normalisation: "none",
  versions: {}
}

const saved = (name: string, arrays: ReadonlyArray<NamedArray>): string => {
  const path = join(folder, name)
  writeFileSync(path, writeSafetensors(arrays as Parameters<typeof writeSafetensors>[0], {}))
  return path
}
const load = (path: string, given: ModelParams = params) =>
  loadWeights(path, makeModel(given), initialWeights(makeModel(given), 2))
const of = (arrays: ReadonlyArray<NamedArray>, name: string): Float32Array =>
  arrays.find((array) => array.name === name)?.data as Float32Array

/** Under torchvision's names, with a classifier of 5 classes. */
const asLibrary = (prefix = ""): ReadonlyArray<NamedArray> => [
  ...theirs
    .filter(({ name }) => name.startsWith("encoder."))
    .map((array) => ({
      ...array,
      name:
        prefix +
        array.name
          .replace("encoder.encoder_block0.0", "conv1")
          .replace("encoder.encoder_block0.1", "bn1")
          .replace(/encoder\.encoder_block(\d)/, "layer$1")
    })),
  { name: `${prefix}fc.weight`, shape: [5, 256], data: new Float32Array(5 * 256) },
  { name: `${prefix}fc.bias`, shape: [5], data: new Float32Array(5) }
]

describe("pretrained weights", () => {
  it("are those of the file: what was exported is loaded, bit for bit", () => {
    const path = join(folder, "exported.safetensors")
    writeFileSync(path, exportWeights(theirs, manifest))
    const { arrays, report } = load(path)
    expect(arrays.map(({ name }) => name)).toEqual(theirs.map(({ name }) => name))
    for (const { name, data } of arrays) expect(sameBits(data, of(theirs, name))).toBe(true)
    expect(report).toMatchObject({ missing: [], unexpected: [], otherShape: [], setAside: [], adapted: false })
    expect(report.loaded.length).toBe(theirs.length)
    // The parameter itself.
    const started = initialWeights(makeModel({ ...params, pretrained: path }), 9)
    for (const { name, data } of started) expect(sameBits(data, of(theirs, name))).toBe(true)
  })

  it.each(["", "model.vision_encoder."])("of model libraries give the backbone alone, behind prefix '%s'", (prefix) => {
    const { arrays, report } = load(saved("library.safetensors", asLibrary(prefix)))
    expect(sameBits(of(arrays, FIRST), of(theirs, FIRST))).toBe(true)
    expect(sameBits(of(arrays, FC), of(theirs, FC))).toBe(false)
    expect(report.setAside).toEqual([`${prefix}fc.weight`, `${prefix}fc.bias`])
    expect(report.missing).toEqual([])
  })

  it("know the names that libraries give", () => {
    const named = (backbone: ModelParams["backbone"], ...names: ReadonlyArray<string>) => {
      const known = makeModel({ ...params, backbone }).parameters.map(({ name }) => name)
      const { names: found } = rename(names, known)
      for (const name of found.values()) expect(known).toContain(name)
      return [...found.values()]
    }
    expect(named("resnet50", "conv1.weight", "layer1.0.downsample.0.weight", "layer4.2.bn3.running_var")).toEqual([
      FIRST,
      "encoder.encoder_block1.0.downsample.0.weight",
      "encoder.encoder_block4.2.bn3.running_var"
    ])
    expect(named("vgg16", "features.0.weight", "features.28.bias")[1]).toBe("encoder.encoder.28.bias")
    named("se_resnet50", "layer0.conv1.weight", "layer0.bn1.bias", "layer2.3.se_module.fc2.bias")
    expect(
      named(
        "efficientnet-b0",
        "_conv_stem.weight",
        "_bn0.bias",
        "_blocks.0._depthwise_conv.weight",
        "_blocks.15._bn2.weight",
        "_conv_head.weight",
        "_bn1.running_mean"
      ).slice(3)
    ).toEqual([
      "encoder.encoder_block4.4._bn2.weight",
      "encoder.encoder_block4.5.weight",
      "encoder.encoder_block4.6.running_mean"
    ])
  })

  it("leave the classifiers of timm's VGGs aside, which look at hidden values", () => {
    const known = makeModel({ ...params, backbone: "vgg16" }).parameters.map(({ name }) => name)
    const classifiers = ["pre_logits.fc1", "pre_logits.fc2", "head.fc"].flatMap((of) => [`${of}.weight`, `${of}.bias`])
    for (const wanted of [false, true]) {
      const { names, naming, setAside } = rename(
        ["features.0.weight", "features.0.bias", ...classifiers],
        known,
        wanted
      )
      expect([naming, setAside]).toEqual(["library", classifiers])
      expect([...names.values()].filter((name) => name !== undefined)).toEqual(known.slice(0, 2))
    }
  })

  it("of three bands serve any number: further bands get the mean, one or two get copies of it", () => {
    const path = saved("rgb.safetensors", theirs)
    const [O, , KH, KW] = theirs[0].shape
    for (const channels of [1, 2, 5]) {
      const { arrays, report } = load(path, { ...params, channels })
      expect(report.adapted).toBe(true)
      const [made, from] = [of(arrays, FIRST), of(theirs, FIRST)]
      for (let o = 0; o < O; o++)
        for (let i = 0; i < KH * KW; i++) {
          const rgb = [0, 1, 2].map((band) => from[(o * 3 + band) * KH * KW + i])
          const mean = (rgb[0] + rgb[1] + rgb[2]) / 3
          for (let band = 0; band < channels; band++) {
            expect(made[(o * channels + band) * KH * KW + i]).toBeCloseTo(
              channels > 2 && band < 3 ? rgb[band] : mean,
              6
            )
          }
        }
    }
    expect(adaptBands(of(theirs, FIRST), O, 3)).toEqual(of(theirs, FIRST))
  })

  it("that do not fit are refused in one message that names what is wrong", () => {
    const refused =
      (arrays: ReadonlyArray<NamedArray>, given = params) =>
      () =>
        load(saved("bad.safetensors", arrays), given)
    expect(refused(theirs.slice(0, -1))).toThrow(
      `bad.safetensors: lacks ${FC}, which resnet10-slim needs. Use the model parameters that the weights were trained with, or give the file as \`{ file: FILE, skip: head }\`.`
    )
    expect(refused([...theirs, { name: "encoder.extra", shape: [1], data: Float32Array.of(1) }])).toThrow(
      "has encoder.extra, which resnet10-slim does not know"
    )
    expect(refused(theirs, { ...params, num_classes: 7 })).toThrow(
      `arrays of other shapes: ${FC} [4, 256] for [7, 256]`
    )
    const spoilt = theirs.map((array, i) => (i === 3 ? { ...array, data: array.data.map(() => Number.NaN) } : array))
    expect(refused(spoilt as typeof theirs)).toThrow("holds NaN or infinite values")
    expect(() => load(join(folder, "nothing.pth"))).toThrow("nothing.pth: there is no such file")
    expect(() => load(join(referenceDir, "tiny-zip.pth"))).toThrow(
      `tiny-zip.pth: was trained with another network: backbone ${backbone}, not ${params.backbone}`
    )
    expect(() => load(join(referenceDir, "tiny-zip.pth"), { ...params, backbone, parts })).toThrow(
      new RegExp(`lacks .*, which ${backbone} needs; has .*, which ${backbone} does not know`)
    )
  })

  it("of model libraries for more bands are refused: their order is not known", () => {
    const ten = asLibrary().map((array, i) =>
      i === 0 ? { ...array, shape: [32, 10, 7, 7], data: new Float32Array(32 * 10 * 49) } : array
    )
    expect(() => load(saved("ten.safetensors", ten), { ...params, channels: 10 })).toThrow(
      "a first filter of 10 bands, and does not say in which order"
    )
  })

  it("may stand in several files under an index", () => {
    const [some, others] = [theirs.slice(0, 9), theirs.slice(9)]
    saved("part-1.safetensors", some)
    saved("part-2.safetensors", others)
    const map = (arrays: typeof theirs, file: string) => arrays.map(({ name }) => [name, file])
    const write = (entries: ReadonlyArray<ReadonlyArray<string>>) => {
      const path = join(folder, "model.safetensors.index.json")
      writeFileSync(path, JSON.stringify({ weight_map: Object.fromEntries(entries) }))
      return path
    }
    const whole = [...map(some, "part-1.safetensors"), ...map(others, "part-2.safetensors")]
    expect(load(write(whole)).report.loaded.length).toBe(theirs.length)
    expect(() => load(write([["x", "../../part-1.safetensors"]]))).toThrow("names a shard outside of its folder")
    expect(() => load(write([["x", "part-1.safetensors"]]))).toThrow("says that part-1.safetensors holds x")
    expect(() => load(write([]))).toThrow("has no `weight_map`")
    // What is wrong with a shard is said of the shard.
    const shard = join(folder, "part-2.safetensors")
    const again = "Fetch this shard of model.safetensors.index.json again."
    const spoilt = others.map((array, i) => (i === 0 ? { ...array, data: array.data.map(() => Number.NaN) } : array))
    saved("part-2.safetensors", spoilt as typeof theirs)
    const finite = `${shard}: array ${others[0].name} holds NaN or infinite values. ${again}`
    expect(() => load(write(whole))).toThrow(finite)
    writeFileSync(shard, readFileSync(shard).subarray(0, 5000))
    expect(() => load(write(whole))).toThrow(`${shard}: claims a header of`)
    rmSync(shard)
    expect(() => load(write(whole))).toThrow(`${shard}: there is no such file. ${again}`)
  })
})

describe("a file with more than a network", () => {
  const plain = asLibrary().slice(0, -2)
  const copy = (prefix: string, by = 1) =>
    plain.map(({ data, name, shape }) => ({ name: prefix + name, shape, data: data.map((value) => value + by) }))
  const array = (name: string) => ({ name, shape: [1], data: Float32Array.of(1) })
  const chosen = (arrays: ReadonlyArray<NamedArray>, said: object = {}) => {
    const { arrays: made, report } = loadWeights(saved("many.safetensors", arrays), model, theirs, said)
    return { report, shift: of(made, FIRST)[0] - of(theirs, FIRST)[0] }
  }
  const refused = (arrays: ReadonlyArray<NamedArray>, said: object = {}): string => {
    try {
      chosen(arrays, said)
    } catch (cause) {
      return (cause as Error).message
    }
    return "not refused"
  }

  it.each([
    ["an average beside the network", "ema.", ""],
    ["an average before it", "", "ema."],
    ["two encoders", "module.encoder_q.", "module.encoder_k."]
  ])("is refused unless `prefix` or `ignore` chooses: %s", (_, first, second) => {
    const both = [...copy(first, 1), ...copy(second, 2)]
    const bare = (prefix: string) => prefix.replace("module.", "")
    expect(refused(both)).toMatch(
      /holds 2 copies of the network: .+\. Choose one by giving the file as `\{ file: FILE, prefix: /
    )
    for (const [prefix, other, shift] of [
      [first, second, 1],
      [second, first, 2]
    ] as const) {
      if (prefix !== "") {
        for (const written of new Set([prefix, bare(prefix)])) {
          const found = chosen(both, { prefix: written })
          expect(found.shift).toBeCloseTo(shift, 5)
          expect(found.report.ignored).toEqual(copy(other).map(({ name }) => name))
        }
      }
      if (other !== "") expect(chosen(both, { ignore: [other] }).shift).toBeCloseTo(shift, 5)
    }
    expect(refused(both, { prefix: "teacher." })).toMatch(
      /no array whose name begins with "teacher\."; names begin with/
    )
  })

  it("is refused where a block of another copy is among it", () => {
    const mixed = [...plain, ...copy("ema.").filter(({ name }) => name.startsWith("ema.layer4"))]
    expect(refused(mixed)).toMatch(
      /has ema\.layer4\S+, ema\.\S+, ema\.\S+ and \d+ more, which resnet10-slim does not know/
    )
    expect(refused(mixed)).toContain('ignore: ["ema."] }')
    expect(chosen(mixed, { ignore: ["ema."] }).report.loaded.length).toBe(plain.length)
    const swapped = [...plain.filter(({ name }) => !name.startsWith("layer4")), ...copy("ema.").slice(-15)]
    expect(refused(swapped)).toContain("lacks encoder.encoder_block4.0")
  })

  it("of our own names is refused alike", () => {
    const twice = [...theirs, ...theirs.map((one) => ({ ...one, name: `ema.${one.name}` }))]
    expect(refused(twice)).toContain('holds 2 copies of the network: without a prefix, "ema."')
    expect(chosen(twice, { prefix: "ema." }).report.loaded.length).toBe(theirs.length)
  })

  it("of one network and other things is read, or names what to ignore", () => {
    const swa = [{ ...array("n_averaged"), shape: [] as ReadonlyArray<number> }, ...copy("module.")]
    expect(chosen(swa).shift).toBeCloseTo(1, 5)
    const lightning = [...copy("model."), array("criterion.weight"), array("val_metric.total")]
    expect(refused(lightning)).toMatch(
      /has criterion\.weight, val_metric\.total, which resnet10-slim does not know\..* `\{ file: FILE, ignore: \["criterion\.", "val_metric\."\] \}`\.$/
    )
    expect(chosen(lightning, { ignore: ["criterion.", "val_metric."] }).shift).toBeCloseTo(1, 5)
    expect(chosen(lightning, { prefix: "model." }).report.ignored).toEqual(["criterion.weight", "val_metric.total"])
  })

  it("is read under the numbers that nn.Sequential gives to the children of a ResNet", () => {
    const number = (name: string) =>
      name
        .replace(/^layer(\d)/, (_, layer) => String(Number(layer) + 3))
        .replace(/^conv1/, "0")
        .replace(/^bn1/, "1")
    for (const prefix of ["", "backbone."]) {
      const numbers = copy("").map((one) => ({ ...one, name: prefix + number(one.name) }))
      expect(chosen(numbers).shift).toBeCloseTo(1, 5)
    }
  })

  it("of another network is refused by the names that do not fit", () => {
    const deep = plain.flatMap((one) =>
      one.name === "conv1.weight"
        ? [0, 3, 6].map((i) => ({ name: `conv1.${i}.weight`, shape: [1], data: Float32Array.of(1) }))
        : [one]
    )
    expect(refused(deep)).toMatch(
      /lacks encoder\.encoder_block0\.0\.weight, which resnet10-slim needs; has conv1\.0\.weight, conv1\.3\.weight, conv1\.6\.weight, which/
    )
    expect(refused(deep)).toContain("`prefix` and `ignore`")
    const normed = plain.flatMap((one) =>
      /conv\d\.weight$/.test(one.name) ? ["_g", "_v"].map((end) => ({ ...one, name: one.name + end })) : [one]
    )
    expect(refused(normed)).toContain("Remove weight normalisation and other parametrisations in PyTorch before saving")
    expect(refused([array("blocks.0.attn.qkv.weight"), array("cls_token")])).toMatch(
      /and \d+ more, which resnet10-slim needs; has blocks\.0\.attn\.qkv\.weight, cls_token/
    )
  })

  it("under one name for two arrays is refused", () => {
    const known = model.parameters.map(({ name }) => name)
    const first = "encoder.encoder_block0.0.weight"
    const twice = ["conv1.weight", "bn1.weight", "layer1.0.conv1.weight", first]
    expect(() => rename(twice, known)).toThrow(`has two arrays for ${first}: conv1.weight and ${first}`)
  })
})

describe("a damaged safetensors file", () => {
  const whole = writeSafetensors(
    theirs.slice(1, 6).map(({ name, shape, data }) => ({ name, shape, data: data as Float32Array })),
    { some: "text" }
  )

  it("ends in one clear message, or in values", () => {
    const change = fc.record({ at: fc.nat({ max: 700 }), bytes: fc.uint8Array({ minLength: 1, maxLength: 6 }) })
    let refused = 0
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 4 }), fc.nat({ max: whole.length }), (changes, cut) => {
        const damaged = whole.slice(0, cut % 3 === 0 ? cut : undefined)
        for (const { at, bytes } of changes)
          damaged.set(bytes.subarray(0, Math.max(0, damaged.length - at)), Math.min(at, damaged.length))
        try {
          for (const tensor of readSafetensors(bytesSource(damaged)).tensors) tensor.values()
        } catch (fault) {
          expect(fault).toBeInstanceOf(FileFault)
          refused++
        }
      }),
      { numRuns: 300 }
    )
    expect(refused).toBeGreaterThan(30)
  })

  it.each([
    [
      "overlap",
      [
        [2, 0, 8],
        [2, 0, 8]
      ],
      8,
      "overlaps the one before it"
    ],
    [
      "leave a gap",
      [
        [1, 0, 4],
        [1, 8, 12]
      ],
      12,
      "leaves a gap before it"
    ],
    ["end before the file", [[1, 0, 4]], 40, "describes 4 bytes of values, but holds 40"],
    ["are of another size", [[3, 0, 8]], 8, "says that array a has 12 bytes, but gives it 8"]
  ] as const)("is refused where arrays %s", (_, arrays, bytes, problem) => {
    const entries = arrays.map(([count, begin, end], i) => [
      "ab"[i],
      { dtype: "F32", shape: [count], data_offsets: [begin, end] }
    ])
    const header = JSON.stringify(Object.fromEntries(entries))
    const file = Buffer.concat([Buffer.alloc(8), Buffer.from(header), Buffer.alloc(bytes)])
    file.writeBigUInt64LE(BigInt(header.length))
    expect(() => readSafetensors(bytesSource(file))).toThrow(problem)
    expect(() => readSafetensors(bytesSource(file))).toThrow(FileFault)
  })

  it("cannot claim a header or an array that is not there", () => {
    const path = join(folder, "lie.safetensors")
    const lie = whole.slice()
    new DataView(lie.buffer).setBigUint64(0, 3n * 2n ** 30n, true)
    writeFileSync(path, lie)
    expect(() => openWeightFile(path)).toThrow(`a header of ${3n * 2n ** 30n} bytes`)
    const header = JSON.stringify({ x: { dtype: "F32", shape: [805306368], data_offsets: [0, 3221225472] } })
    const long = Buffer.concat([Buffer.alloc(8), Buffer.from(header)])
    long.writeBigUInt64LE(BigInt(header.length))
    writeFileSync(path, long)
    expect(() => openWeightFile(path)).toThrow("describes 3221225472 bytes of values, but holds 0")
    expect(readFileSync(path).length).toBeLessThan(200)
    const deep = JSON.stringify({ "\x1b[2J": { dtype: "F32", shape: new Array(65).fill(1), data_offsets: [0, 4] } })
    const axes = Buffer.concat([Buffer.alloc(8), Buffer.from(deep), Buffer.alloc(4)])
    axes.writeBigUInt64LE(BigInt(deep.length))
    writeFileSync(path, axes)
    expect(() => openWeightFile(path)).toThrow("has an array \\u001b[2J of 65 axes")
    const wide = Buffer.alloc(2 ** 25 + 16, 0x20)
    wide.writeBigUInt64LE(BigInt(wide.length - 8))
    wide[8] = 0x7b
    expect(() => readSafetensors(bytesSource(new Uint8Array(wide)))).toThrow("more than weights need")
  })
})
