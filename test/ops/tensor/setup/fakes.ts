/** A machine, a package index and wheels that are not there. */
import { createHash } from "node:crypto"
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { basename, dirname, join } from "node:path"
import { Effect, Exit, Layer } from "effect"
import { INSERTIONS } from "../../../../src/ops/tensor/setup/graph-functions.ts"
import { Machine, NoProgram, type Outcome, type Platform } from "../../../../src/ops/tensor/setup/machine.ts"
import type { Pins } from "../../../../src/ops/tensor/setup/pins.ts"
import { type Options, setUp } from "../../../../src/ops/tensor/setup/setup.ts"
import { zip } from "./zip-writer.ts"

const ELF_X64 = 0x3e
export const WHEEL = "tensorflow_cpu-2.15.1-cp311-cp311-manylinux_2_17_x86_64.manylinux2014_x86_64.whl"
export const CUDA_WHEEL = "tensorflow-2.15.1-cp311-cp311-manylinux_2_17_x86_64.manylinux2014_x86_64.whl"
export const CUBLAS_WHEEL = "nvidia_cublas_cu12-12.2.5.6-py3-none-manylinux1_x86_64.whl"

export const library = (text: string, machine = ELF_X64): Buffer => {
  const bytes = Buffer.alloc(4096)
  bytes.write("\u007fELF", 0, "latin1")
  bytes.writeUInt16LE(machine, 18)
  bytes.write(text, 64)
  return bytes
}

/** Files of a TensorFlow; some are wanted, some are not. */
export const tensorflowFiles = (machine = ELF_X64): Readonly<Record<string, Buffer | string>> => ({
  "tensorflow/libtensorflow_cc.so.2": library("cc", machine),
  "tensorflow/libtensorflow_framework.so.2": library("framework", machine),
  "tensorflow.libs/libomp-e9212f90.so.5": library("omp", machine),
  "tensorflow/python/big.py": "not needed",
  "tensorflow/include/tensorflow/c/c_api.h": "c api",
  "tensorflow/include/tensorflow/c/eager/c_api.h": "eager",
  "tensorflow/include/tensorflow/core/public/version.h":
    "#define TF_MAJOR_VERSION 2\n#define TF_MINOR_VERSION 15\n#define TF_PATCH_VERSION 1\n",
  "tensorflow/include/tensorflow/core/kernels/conv.h": "not needed",
  "tensorflow/include/tsl/platform/ctstring.h": "tsl",
  "tensorflow/include/xla/tsl/c/tsl_status.h": "xla",
  "tensorflow/include/Eigen/Core": "not needed"
})

/** A wheel with its METADATA and a true RECORD. */
export const wheel = (
  name: string,
  files: Readonly<Record<string, Buffer | string>>,
  options: { readonly metadata?: string; readonly record?: (name: string, hash: string) => string } = {}
): Buffer => {
  const info = `${name.split("-").slice(0, 2).join("-")}.dist-info`
  const lines = Object.entries(files).map(([file, content]) => {
    const hash = createHash("sha256").update(content).digest("base64url")
    return `${file},sha256=${options.record?.(file, hash) ?? hash},${content.length}`
  })
  return zip({ ...files, [`${info}/METADATA`]: options.metadata ?? "Name: x\n", [`${info}/RECORD`]: lines.join("\n") })
}

const ok = (stdout = ""): Outcome => ({ code: 0, stdout, stderr: "" })

/** How the machine answers where it is not well. */
export interface Faults {
  readonly platform?: Platform
  readonly project?: string
  readonly without?: ReadonlyArray<string>
  readonly free?: number
  /** What pip says on standard error, and fails. */
  readonly pip?: string
  readonly compiler?: string
  readonly product?: ReadonlyArray<number>
  /** SHA-256 that the index announces. */
  readonly announced?: string
  /** SHA-256 that are known beforehand; none unless given. */
  readonly pins?: Pins
  /** Called before every process and on every progress. */
  readonly at?: (what: string) => Effect.Effect<void>
  readonly onProgress?: (task: string) => void
}

export interface World {
  readonly root: string
  readonly project: string
  readonly cache: string
  /** Wheels of the index. */
  readonly index: Map<string, Buffer>
  readonly said: Array<string>
  /** Processes that ran: `pip install`, `pip download`, `compile`, `probe`. */
  readonly ran: Array<string>
  readonly setUp: (options?: Partial<Options>, faults?: Faults) => Effect.Effect<void, Error>
  /** The message of the error that it ends with, behind the error's tag. */
  readonly fails: (options?: Partial<Options>, faults?: Faults) => Promise<string>
  readonly close: () => void
}

const optionOf = (args: ReadonlyArray<string>, name: string): string =>
  args.find((arg) => arg.startsWith(`${name}=`))?.slice(name.length + 1) ?? ""

const pipAnswer = (world: Pick<World, "index">, args: ReadonlyArray<string>, faults: Faults): Outcome => {
  if (faults.pip !== undefined) return { code: 1, stdout: "", stderr: faults.pip }
  const names = args.filter((arg) => arg.includes("==")).map((arg) => arg.replaceAll("-", "_").replace("==", "-"))
  const files = names.map((name) => [...world.index.keys()].find((file) => file.startsWith(`${name}-`)) ?? "")
  if (files.includes("")) return { code: 1, stdout: "", stderr: "ERROR: No matching distribution found for it" }
  if (args.includes("install")) {
    const install = files.map((file) => {
      const hash =
        faults.announced ??
        createHash("sha256")
          .update(world.index.get(file) ?? "")
          .digest("hex")
      return { download_info: { url: `https://index/${file}`, archive_info: { hashes: { sha256: hash } } } }
    })
    writeFileSync(optionOf(args, "--report"), JSON.stringify({ install }))
  } else {
    for (const file of files) writeFileSync(join(optionOf(args, "--dest"), file), world.index.get(file) ?? "")
  }
  return ok()
}

const answer = (world: World, program: string, args: ReadonlyArray<string>, faults: Faults): Outcome => {
  if (args[0] === "-c") return ok("3\n")
  if (args.includes("pip")) {
    world.ran.push(`pip ${args[2]}`)
    return pipAnswer(world, args, faults)
  }
  if (args.includes("rebuild")) {
    world.ran.push("compile")
    if (faults.compiler !== undefined) return { code: 1, stdout: "", stderr: faults.compiler }
    const folder = optionOf(args, "--module_path")
    mkdirSync(folder, { recursive: true })
    writeFileSync(join(folder, "tfjs_binding.node"), "binding")
    return ok()
  }
  if (args.some((arg) => arg.endsWith("probe.ts"))) {
    world.ran.push("probe")
    const product = faults.product ?? [58, 64, 139, 154]
    return ok(`${JSON.stringify({ version: "2.15.1", threads: 2, gpu: false, product })}\n`)
  }
  return ok(`${basename(program)} 1.0`)
}

const machine = (world: World, gyp: string, faults: Faults): Layer.Layer<Machine> =>
  Layer.succeed(Machine, {
    platform: faults.platform ?? { os: "linux", arch: "x64", libc: "glibc" },
    project: faults.project ?? world.project,
    cache: world.cache,
    env: faults.without?.includes("node-gyp") ? {} : { npm_config_node_gyp: gyp },
    node: join(world.root, "bin", "node"),
    pins: faults.pins ?? {},
    free: () => Effect.succeed(faults.free ?? 1e12),
    run: (program, args) =>
      Effect.gen(function* () {
        if (faults.without?.includes(program)) return yield* new NoProgram({ program })
        yield* faults.at?.([program, ...args].join(" ")) ?? Effect.void
        return answer(world, program, args, faults)
      }),
    say: (line) => void world.said.push(line),
    progress: (task) => faults.onProgress?.(task)
  })

/** A project with the JavaScript package, an empty cache, and an index that has the processor's wheel. */
export const makeWorld = (): World => {
  const root = mkdtempSync(join(tmpdir(), "orbitrank-setup-"))
  const project = join(root, "project")
  const gyp = join(root, "npm", "node-gyp.js")
  const write = (path: string, content: string) => {
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, content)
  }
  write(gyp, "")
  write(join(project, "package.json"), "{}")
  const installed = join(project, "node_modules", "@tensorflow", "tfjs-node-gpu")
  write(join(installed, "package.json"), JSON.stringify({ version: "4.22.0", main: "dist/index.js" }))
  write(join(installed, "dist", "index.js"), "")
  for (const file of ["tfjs_backend.h", "tfjs_backend.cc", "tfjs_binding.cc"]) {
    const texts = INSERTIONS.filter((insertion) => insertion.file === file).map(({ before }) => before)
    write(join(installed, "binding", file), `${texts.join("\n")}\n`)
  }
  write(join(installed, "lib", "left-over.node"), "an older one")
  const layered = (options: Partial<Options>, faults: Faults) =>
    Effect.provide(setUp({ gpu: false, check: false, ...options }), machine(world, gyp, faults))
  const world: World = {
    root,
    project,
    cache: join(root, "cache"),
    index: new Map([[WHEEL, wheel(WHEEL, tensorflowFiles())]]),
    said: [],
    ran: [],
    setUp: (options = {}, faults = {}) => layered(options, faults),
    fails: async (options = {}, faults = {}) => {
      const exit = await Effect.runPromiseExit(Effect.flip(layered(options, faults)))
      if (Exit.isFailure(exit)) throw new Error("it did not fail")
      return `${exit.value._tag} ${exit.value.message}`
    },
    close: () => rmSync(root, { recursive: true, force: true })
  }
  return world
}

/** Files and links under a folder, sorted. */
export const filesOf = (folder: string): ReadonlyArray<string> => {
  const found = readdirSync(folder, { recursive: true, withFileTypes: true })
  return found
    .filter((one) => !one.isDirectory())
    .map((one) => join(one.parentPath, one.name).slice(folder.length + 1))
    .sort()
}

/** Whatever a run that ended early must not leave behind. */
export const halfMade = (world: World): ReadonlyArray<string> =>
  readdirSync(world.root, { recursive: true, encoding: "utf8" }).filter((name) => name.includes(".partial"))
