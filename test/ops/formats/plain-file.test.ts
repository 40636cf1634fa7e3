import { existsSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import fc from "fast-check"
import { afterAll, describe, expect, it } from "vitest"
import { PlainFile, PlainHash, readPlainFile, sealOf } from "../../../src/ops/formats/plain-file.ts"
import { runs } from "../../runs.ts"

const home = mkdtempSync(join(tmpdir(), "orbitrank-"))
afterAll(() => rmSync(home, { recursive: true, force: true }))
const path = join(home, "values.part")

const written = (values: ReadonlyArray<unknown>) => {
  const file = new PlainFile(path)
  for (const value of values) file.append(value)
  return file.finish()
}

const arrays = fc.oneof(
  fc.float32Array(),
  fc.float64Array(),
  fc.int8Array(),
  fc.int16Array(),
  fc.int32Array(),
  fc.uint8Array(),
  fc.uint16Array(),
  fc.uint32Array()
)
/** Names that a mapping of our own uses inside a file are not names of data. */
const keys = fc.string().filter((key) => key !== "__proto__" && !key.startsWith("$"))
const values = fc.letrec((tie) => ({
  one: fc.oneof(
    { maxDepth: 4 },
    fc.double(),
    fc.string(),
    fc.boolean(),
    fc.constant(null),
    arrays,
    fc.array(tie("one"), { maxLength: 4 }),
    fc.dictionary(keys, tie("one"), { maxKeys: 4, noNullPrototype: true })
  )
})).one

describe("files of plain data", () => {
  it("give back equal values, to the bit", () => {
    fc.assert(
      fc.property(fc.array(values, { maxLength: 6 }), (given) => {
        const sealed = written(given)
        const read = [...readPlainFile(path)]
        expect(read).toStrictEqual(given)
        const hash = new PlainHash()
        for (const value of read) hash.add(value)
        expect(sealed).toEqual(sealOf(path))
        expect(hash.digest()).toBe(sealed.sha256)
      }),
      runs(200)
    )
  })

  it("leave out keys without a value, and read arrays of shared memory", () => {
    const shared = new Float32Array(new SharedArrayBuffer(8)).fill(Math.fround(0.1))
    written([{ a: undefined, b: shared.subarray(1) }])
    expect([...readPlainFile(path)]).toStrictEqual([{ b: Float32Array.of(0.1) }])
  })

  it("that were cut or overwritten are damaged, wherever that happened", () => {
    written([{ a: Float32Array.of(1, 2, 3), b: "text" }])
    const whole = readFileSync(path)
    for (let length = 1; length < whole.length; length++) {
      writeFileSync(path, whole)
      truncateSync(path, length)
      expect(() => [...readPlainFile(path)], String(length)).toThrow(/shorter than it says|not a file of plain data/)
    }
    writeFileSync(path, "not a file of parts at all")
    expect(() => [...readPlainFile(path)]).toThrow("is not a file of plain data")
  })

  it("appear when they are finished", () => {
    const file = new PlainFile(join(home, "never.part"))
    file.append(1)
    expect(existsSync(join(home, "never.part"))).toBe(false)
    file.abandon()
    expect(sealOf(join(home, "never.part"))).toBeUndefined()
  })
})
