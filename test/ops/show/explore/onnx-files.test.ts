import { Effect } from "effect"
import { describe, expect, it } from "vitest"
import { networkFingerprint } from "../../../../src/ops/onnx/encode.ts"
import { knownNetwork } from "../../../../src/ops/onnx/params.ts"
import { Run } from "../../../../src/ops/run.ts"
import type { Collected } from "../../../../src/ops/show/explore/collected.ts"
import { exportsAsGlobal } from "../../../../src/ops/show/explore/onnx-files.ts"
import { uploadOf } from "../../../../src/ops/show/explore/upload.ts"
import { effect } from "../../../effect.ts"
import { fakeRun } from "../../fake-run.ts"
import { networkFile } from "../../onnx/networks.ts"

describe("ONNX Runtime Web as a script", () => {
  it("puts its exports into a global variable", () => {
    const module =
      "const a=1,$b=()=>[a+1,import.meta.url];export{a as one,$b as two,a as default};\n//# sourceMappingURL=x.mjs.map\n"
    const scope: { ort?: { readonly one: number; readonly two: () => ReadonlyArray<unknown> } } = {}
    new Function("globalThis", "self", exportsAsGlobal(module))(scope, { location: { href: "here" } })
    expect([scope.ort?.one, scope.ort?.two()]).toEqual([1, [2, "here"]])
  })

  it("is refused in a form that is not known, with the command that installs the known one", () => {
    for (const module of ["export const a = 1", "const a=1;export{a}"])
      expect(() => exportsAsGlobal(module)).toThrow(
        /another form than in version.*npm install onnxruntime-web@1\.30\.0/
      )
  })
})

describe("a network in an ONNX file, for uploads", () => {
  const all = (dim: number, weights?: string): Collected => ({
    ...{ count: 1, dim, names: ["a"], classes: [], labels: new Uint8Array(0), vectors: new Float32Array(dim) },
    origin:
      weights === undefined
        ? undefined
        : { weights, bands: ["Red", "Green", "Blue"], height: 8, width: 8, normalisation: "none" }
  })
  const steps = (onnx: unknown) =>
    [
      { name: "images", params: { from: "none", bands: "rgb", unit: true, nodata: "none", fill: 0, max_values: 1e6 } },
      { name: "resize", params: { size: 8 } },
      { name: "batch", params: { size: 1 } },
      { name: "embed", params: { onnx } }
    ] as never
  const upload = (given: Collected) =>
    Effect.gen(function* () {
      const { run } = yield* fakeRun
      return yield* Effect.provideService(uploadOf(steps(networkFile("vectors")), given, "rgb"), Run, run)
    })
  const dim = Number(knownNetwork(networkFile("vectors")).description.outputs[0].shape?.[1])

  effect("is taken if it made the embeddings", () =>
    Effect.gen(function* () {
      const known = knownNetwork(networkFile("vectors"))
      const print = yield* networkFingerprint(known)
      const { network } = yield* upload(all(dim, print))
      expect(network).toEqual(known)
    })
  )

  effect("is refused if it gives another number of values, or is another network", () =>
    Effect.gen(function* () {
      const messages = yield* Effect.forEach([upload(all(dim + 1)), upload(all(dim, "0123456789abcdef"))], (one) =>
        Effect.map(Effect.flip(one), ({ message }) => message)
      )
      expect(messages[0]).toContain(`gives ${dim} values, but the embeddings have ${dim + 1}`)
      expect(messages[1]).toContain("than the embeddings (0123456789abcdef)")
    })
  )
})
