import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { createRequire } from "node:module"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { findNative, loadNative } from "../../../../src/ops/tensor/setup/load.ts"
import { restoreUtil } from "../../../../src/ops/tensor/setup/util-functions.ts"

let root: string
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "orbitrank-load-"))
})
afterEach(() => rmSync(root, { recursive: true, force: true }))

const util = createRequire(import.meta.url)("node:util") as Record<string, unknown>

describe("loading", () => {
  it("puts removed functions of util back before the package runs, and silences it", () => {
    const kept = ["isNullOrUndefined", "isArray"].map(
      (name) => [name, Object.getOwnPropertyDescriptor(util, name)] as const
    )
    const level = process.env.TF_CPP_MIN_LOG_LEVEL
    try {
      for (const [name] of kept) delete util[name]
      delete process.env.TF_CPP_MIN_LOG_LEVEL
      const calls = "[util.isNullOrUndefined(null), util.isNullOrUndefined(0), util.isArray([])]"
      const answer = `exports.answer = { calls: ${calls}, level: process.env.TF_CPP_MIN_LOG_LEVEL }`
      writeFileSync(join(root, "index.js"), `const util = require("util"); ${answer}`)
      const loaded = loadNative({ packageFolder: root }) as unknown as { readonly answer: unknown }
      expect(loaded.answer).toEqual({ calls: [true, false, true], level: "2" })
    } finally {
      for (const [name, descriptor] of kept) {
        delete util[name]
        if (descriptor !== undefined) Object.defineProperty(util, name, descriptor)
      }
      if (level !== undefined) process.env.TF_CPP_MIN_LOG_LEVEL = level
    }
  })

  it("leaves functions that are there alone", () => {
    const isArray = () => true
    const fake: Record<string, unknown> = { isArray }
    restoreUtil(fake)
    expect(fake.isArray).toBe(isArray)
    expect((fake.isNullOrUndefined as (value: unknown) => boolean)(undefined)).toBe(true)
  })

  it("says what does not load, and the command that mends it", () => {
    writeFileSync(join(root, "index.js"), "throw new Error('libtensorflow_cc.so.2: cannot open\\nRequire stack')")
    expect(() => loadNative({ packageFolder: root })).toThrow(
      /does not load \(libtensorflow_cc\.so\.2: cannot open\)\. Remove this folder and run `npm run setup:tensorflow` again/
    )
  })
})

describe.runIf(process.platform === "linux")("finding", () => {
  it("says that nothing is set up, or that it is damaged", () => {
    expect(findNative(root)).toEqual({
      found: false,
      why: "TensorFlow is not set up",
      remedy: "Run `npm run setup:tensorflow` (about 210 MB)"
    })
    mkdirSync(join(root, ".tensorflow", "tfjs-node-gpu"), { recursive: true })
    expect(findNative(root)).toMatchObject({ found: false, why: "TensorFlow's binding is incomplete" })
  })
})
