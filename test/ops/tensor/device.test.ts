import { spawnSync } from "node:child_process"
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { availableParallelism, tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { Effect } from "effect"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { runtimeInstalled } from "../../../src/ops/onnx/runtime.ts"
import { type Device, type EngineOptions, openEngine } from "../../../src/ops/tensor/engine.ts"
import { BINDING, packageFolderOf } from "../../../src/ops/tensor/setup/load.ts"
import { devices } from "./with-engine.ts"

/** A project without TensorFlow. */
let bare: string
/** One whose TensorFlow does not load. */
let broken: string
beforeAll(() => {
  bare = mkdtempSync(join(tmpdir(), "orbitrank-device-"))
  broken = mkdtempSync(join(tmpdir(), "orbitrank-device-"))
  const folder = packageFolderOf(broken)
  mkdirSync(join(folder, dirname(BINDING)), { recursive: true })
  writeFileSync(join(folder, BINDING), "")
  writeFileSync(join(folder, "index.js"), "throw new Error('libtensorflow: cannot open')")
  const platform = `${process.platform}-${process.arch}`
  const built = { version: "9.9.9", gpu: false, platform, from: "nowhere", libraries: {}, folder }
  writeFileSync(join(folder, "orbitrank.json"), JSON.stringify(built))
})
afterAll(() => {
  for (const folder of [bare, broken]) rmSync(folder, { recursive: true, force: true })
})

const open = (device: Device, options: EngineOptions) => Effect.runPromise(openEngine(device, options))
const refused = async (device: Device, options: EngineOptions) =>
  (await Effect.runPromise(Effect.flip(openEngine(device, options)))).message

describe.runIf(process.platform === "linux")("where TensorFlow is not set up", () => {
  const NOT = "TensorFlow is not set up"
  const threads = Math.min(availableParallelism(), 16)
  const CONVOLUTIONS = threads === 1 ? "1 thread" : `${threads} threads for convolutions`

  it("auto takes WebAssembly, and says how to get better", async () => {
    const engine = await open("auto", { project: bare, inference: false })
    expect(engine.name).toBe("wasm")
    expect(engine.why).toBe(`WebAssembly, ${CONVOLUTIONS}; ${NOT}: run \`npm run setup:tensorflow\` (about 210 MB)`)
  })

  it.runIf(runtimeInstalled())(
    "auto takes ONNX Runtime for embeddings where it is installed, and says so",
    async () => {
      const engine = await open("auto", { project: bare, threads: 3 })
      expect(engine).toMatchObject({ name: "wasm", workers: 1, inference: { threads: 3, named: false } })
      expect(engine.why).toMatch(
        /^ONNX Runtime [\d.]+, 3 threads, for embeddings; for the rest WebAssembly, 3 threads for convolutions; TensorFlow is not set up: /
      )
    }
  )

  it.runIf(runtimeInstalled())("onnx is ONNX Runtime by name", async () => {
    const engine = await open("onnx", { threads: 1 })
    expect(engine).toMatchObject({ name: "onnx", inference: { threads: 1, named: true } })
    expect(engine.why).toMatch(/^ONNX Runtime [\d.]+, 1 thread, for embeddings; for the rest WebAssembly, 1 thread; /)
    expect(await refused("onnx", { precision: "bf16" })).toMatch(/^device onnx: computes in float32 only/)
  })

  it.skipIf(runtimeInstalled())("onnx is an error with the one command", async () => {
    expect(await refused("onnx", {})).toMatch(
      /^device onnx: onnxruntime-node is not installed.* Run `npm install --no-save onnxruntime-node@/
    )
  })

  it("a list of GPUs does the same, in a line", async () => {
    const engine = await open([1, 0], { project: bare, inference: false })
    expect(engine.name).toBe("wasm")
    expect(engine.why).toContain(`; not GPU 1, because ${NOT}`)
  })

  it("a name is an error with the remedy", async () => {
    expect(await refused("tensorflow", { project: bare })).toBe(
      `device tensorflow: ${NOT}. Run \`npm run setup:tensorflow\` (about 210 MB).`
    )
    expect(await refused("gpu", { project: bare })).toBe(
      `device gpu: ${NOT}. Run \`npm run setup:tensorflow -- --gpu\`, or set \`device: auto\`.`
    )
  })
})

describe.runIf(process.platform === "linux")("where TensorFlow does not load", () => {
  it("auto says so; a name is an error", async () => {
    const engine = await open("auto", { project: broken })
    expect(engine.name).toBe("wasm")
    expect(engine.why).toMatch(/; TensorFlow failed: .*libtensorflow: cannot open/)
    expect(await refused("tensorflow", { project: broken })).toMatch(
      /cannot open\)\. Remove this folder and run `npm run/
    )
    expect(await refused("gpu", { project: broken })).toMatch(/^device gpu: TensorFlow is set up without CUDA\./)
  })
})

describe("settings that an engine does not have", () => {
  it("are an error for precision, a remark for threads", async () => {
    expect(await refused("wasm", { precision: "bf16" })).toBe(
      "device wasm: computes in float32 only, but `precision: bf16` is set. Omit `precision`, or set `device: tensorflow`."
    )
    expect((await open("cpu", { threads: 4 })).why).toMatch(
      /^plain JavaScript, 1 thread, since `threads` has no effect;/
    )
    expect((await open("auto", { project: bare, precision: "bf16" })).why).toMatch(
      /; only TensorFlow computes in bf16$/
    )
  })
})

describe.runIf(devices.includes("tensorflow"))("native TensorFlow", () => {
  const script = `
    import { Effect } from "effect"
    import { openEngine } from "./src/ops/tensor/engine.ts"
    const [threads, precision] = JSON.parse(process.env.SETTINGS)
    const opened = await Effect.runPromise(openEngine("auto", { threads, precision }))
    const one = opened.scope(() => opened.read(opened.relu(opened.tensor(Float32Array.of(-1, 4), [2])))[1])
    const again = await Effect.runPromise(Effect.flip(openEngine("tensorflow", { threads: threads + 1, precision })))
    const { name, why, gpu, ...rest } = opened
    console.log(JSON.stringify({ name, why, threads: rest.threads, precision: rest.precision, one, again: again.problem }))`

  it.each([
    [1, "float32"],
    [2, "bf16"]
  ])("is what auto takes, silently, with %d threads and %s; once a process", (threads, precision) => {
    const child = spawnSync(process.execPath, ["--import", "tsx", "--input-type=module", "-e", script], {
      encoding: "utf8",
      env: { ...process.env, SETTINGS: JSON.stringify([threads, precision]) }
    })
    expect(child.stderr).toBe("")
    const said = JSON.parse(child.stdout)
    expect(said).toMatchObject({ name: "tensorflow", threads, precision, one: 4 })
    expect(said.why).toMatch(
      threads === 1
        ? /^TensorFlow [\d.]+, 1 thread(;|$)/
        : /^TensorFlow [\d.]+, 2 threads, bf16 if the processor supports it(;|$)/
    )
    expect(said.again).toMatch(/already runs in this process/)
  })
})
