/**
 * Networks that PyTorch exports give the vectors that ONNX Runtime gives in Python, with the parameters of
 * configs/onnx-dinov2.yaml, onnx-clip.yaml, onnx-timm.yaml, onnx-dofa.yaml and onnx-prithvi.yaml.
 */
import { writeFileSync } from "node:fs"
import { join, resolve } from "node:path"
import { Effect, Stream } from "effect"
import { describe, expect } from "vitest"
import { makePlan } from "../../src/experiments/plan/plan.ts"
import type { Batch } from "../../src/ops/elements.ts"
import type { OnnxParams } from "../../src/ops/onnx/params.ts"
import { runtimeInstalled } from "../../src/ops/onnx/runtime.ts"
import { embedOnnx } from "../../src/ops/retrieve/embeddings/embed-onnx.ts"
import { Run } from "../../src/ops/run.ts"
import { random } from "../../src/pipeline/random.ts"
import { fakeRun } from "../ops/fake-run.ts"
import { npyBytes } from "../ops/retrieve/embeddings/npy.ts"
import { peer } from "./python.ts"

/** The parameter `onnx` of a configuration, with another file. */
const onnxOf = (name: string, file: string, edge: number, set: ReadonlyArray<string> = []): OnnxParams => {
  // The configurations of 224 pixels read pictures, the others a store.
  const more = edge === 224 ? "images=x" : `size=${edge}`
  const { loaded } = makePlan(resolve("configs", `onnx-${name}.yaml`), [`network=${file}`, more, ...set])
  const step = [...loaded.pipelines.values()].flatMap(({ steps }) => steps).find((one) => one.name === "embed")
  return step?.params.onnx as OnnxParams
}

const PRITHVI = ["B02", "B03", "B04", "B8A", "B11", "B12"]

/** The bands of Sentinel-2 in torchgeo's order. */
const SENTINEL = "B01 B02 B03 B04 B05 B06 B07 B08 B8A B09 B10 B11 B12".split(" ")

interface Kind {
  /** Name of its configuration, if it is not that of the kind. */
  readonly config?: string
  /** Values that are set on the command line. */
  readonly set?: ReadonlyArray<string>
  /** Rows and columns of the images, and their largest value. */
  readonly edge: number
  readonly white: number
  readonly bands: ReadonlyArray<string>
  readonly packages: ReadonlyArray<string>
}

const kinds: Readonly<Record<string, Kind>> = {
  dinov2: { edge: 224, bands: ["Red", "Green", "Blue"], white: 1, packages: ["transformers"] },
  clip: { edge: 224, bands: ["Red", "Green", "Blue"], white: 1, packages: ["transformers"] },
  timm: { edge: 64, bands: Array.from({ length: 10 }, (_, i) => `b${i}`), white: 8000, packages: ["timm"] },
  prithvi: { edge: 64, bands: PRITHVI, white: 8000, packages: ["timm"] },
  // The published classes of networks, where torchgeo and terratorch are installed.
  torchgeo: {
    ...{ config: "timm", edge: 64, white: 8000, packages: ["torchgeo"] },
    bands: SENTINEL,
    set: [`bands=[${SENTINEL.join(", ")}]`]
  },
  dofa: { edge: 224, bands: ["Red", "Green", "Blue"], white: 1, packages: ["torchgeo"] },
  "prithvi-eo": { config: "prithvi", edge: 64, bands: PRITHVI, white: 8000, packages: ["terratorch", "timm"] }
}

describe.skipIf(!runtimeInstalled())("networks exported by PyTorch (onnxruntime-node)", () => {
  for (const [name, { bands, config = name, edge, packages, set, white }] of Object.entries(kinds)) {
    peer(
      `${name}: vectors are those of ONNX Runtime in Python`,
      ["torch", "onnx", "onnxruntime", ...packages],
      async (python) => {
        const program = Effect.gen(function* () {
          const { folder, run } = yield* fakeRun
          const size = 3
          const draws = random(3, 0, 0, name)
          const images = Float32Array.from({ length: size * edge * edge * bands.length }, () => white * draws.next())
          const shape = `(${size}, ${edge}, ${edge}, ${bands.length})`
          writeFileSync(join(folder, "images.npy"), npyBytes(images, size, 1, { shape }))
          const rows = (yield* Effect.promise(() => python("onnx_export", name, folder))) as ReadonlyArray<
            ReadonlyArray<number>
          >
          const batch: Batch = {
            ...{ kind: "batch", epoch: 0, size, images, height: edge, width: edge, bands },
            ...{ names: ["a", "b", "c"], indices: Int32Array.of(0, 1, 2), labels: new Uint8Array(0), classes: [] }
          }
          const params = onnxOf(config, join(folder, `${name}.onnx`), edge, set)
          const stream = Stream.unwrap(embedOnnx(Stream.make(batch), params, "fail", { expect: () => {} }))
          const [found] = yield* Effect.provideService(Stream.runCollect(stream), Run, run)
          expect(found.vectors).toHaveLength(rows.flat().length)
          const gap = Math.max(...rows.flat().map((value, i) => Math.abs(value - found.vectors[i])))
          expect(gap).toBeLessThan(1e-5)
        })
        await Effect.runPromise(Effect.scoped(program))
      }
    )
  }
})
