/** Files that PyTorch wrote; `files/make.py` makes them. */
import { join } from "node:path"
import { describe, expect, it } from "vitest"
import { openWeightFile } from "../../../../../src/ops/model/load/open.ts"

const path = (name: string) => join(import.meta.dirname, "files", `${name}.pth`)
const open = (name: string, key?: string) => {
  const { close, dict, tensors } = openWeightFile(path(name), key)
  const read = tensors.map(({ name, floats, shape }) => ({ name, shape, values: [...floats()] }))
  close()
  return { dict, read }
}
const values = Array.from({ length: 12 }, (_, i) => i - 5)

describe("a file that torch.load reads", () => {
  it.each([
    ["negative bit", "negative"],
    ["negative bit of a conjugate's imaginary part", "imaginary"],
    ["_rebuild_tensor of PyTorch 0.1 to 0.3", "torch-0.3"],
    ["protocol 0", "protocol-0"],
    ["protocol 1", "protocol-1"],
    ["protocol 5", "protocol-5"],
    ["parameter with attributes", "parameter"],
    ["Size, dtype, device, Counter, bytearray, set and complex beside the weights", "beside"],
    ["tar format, a view of a storage", "tar"]
  ])("is read: %s", (_, name) => {
    expect(open(name).read).toEqual([{ name: "w", shape: [3, 4], values }])
  })

  it("with two state dicts gives the customary one and names the other, or the one under `key`", () => {
    expect(open("two")).toMatchObject({ dict: { key: "state_dict", others: ["state_dict_ema"] }, read: [{ values }] })
    const ema = open("two", "state_dict_ema")
    expect(ema.dict).toEqual({ key: "state_dict_ema", others: ["state_dict"] })
    expect(ema.read[0].values).toEqual(values.map((value) => value + 1))
    expect(() => open("two", "ema")).toThrow("holds no dict under the key ema: its keys are state_dict, state_dict_ema")
  })
})

describe("a file that is not read", () => {
  it.each([
    ["torchscript", /^is a TorchScript program, not a state dict$/, "torch.jit.load("],
    ["numpy", /^holds NumPy values \(numpy\.\S+scalar\) beside its weights$/, "weights_only=False)['state_dict']"],
    ["model", /^uses torch\.nn\.modules\.container\.Sequential/, ".state_dict(), 'weights.pth')"],
    ["complex", /^holds complex values \(torch\.ComplexFloatStorage\)$/, undefined]
  ])("is named as what it is, with the line that converts it: %s", (name, problem, remedy) => {
    const fault = (() => {
      try {
        return open(name)
      } catch (cause) {
        return cause as { readonly message: string; readonly remedy?: string }
      }
    })()
    expect(fault).toMatchObject({ message: expect.stringMatching(problem) })
    if (remedy === undefined) expect(fault).toMatchObject({ remedy: undefined })
    else expect(fault).toMatchObject({ remedy: expect.stringContaining(remedy) })
  })
})
