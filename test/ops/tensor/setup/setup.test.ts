import { createHash } from "node:crypto"
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  truncateSync,
  utimesSync,
  writeFileSync
} from "node:fs"
import { dirname, join } from "node:path"
import { Deferred, Effect, Exit, Fiber } from "effect"
import fc from "fast-check"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { GRAPH_FUNCTIONS, INSERTIONS, withGraphFunctions } from "../../../../src/ops/tensor/setup/graph-functions.ts"
import { findNative, loadNative } from "../../../../src/ops/tensor/setup/load.ts"
import { PINS, pinOf } from "../../../../src/ops/tensor/setup/pins.ts"
import { readBuilt } from "../../../../src/ops/tensor/setup/record.ts"
import { DEFAULT_VERSION } from "../../../../src/ops/tensor/setup/setup.ts"
import { distributionOf } from "../../../../src/ops/tensor/setup/wheel.ts"
import {
  CUBLAS_WHEEL,
  CUDA_WHEEL,
  filesOf,
  halfMade,
  library,
  makeWorld,
  tensorflowFiles,
  WHEEL,
  type World,
  wheel
} from "./fakes.ts"

let world: World
beforeEach(() => {
  world = makeWorld()
})
afterEach(() => world.close())

const run = (effect: Effect.Effect<void, Error>): Promise<void> => Effect.runPromise(effect)
const libraries = (suffix = "") => join(world.cache, `2.15.1-linux-x64${suffix}`)
const built = () => join(world.project, ".tensorflow", "tfjs-node-gpu")

const giveWheel = (bytes: Buffer, name = WHEEL): string => {
  const path = join(world.root, name)
  writeFileSync(path, bytes)
  return path
}

describe("from nothing", () => {
  it("fetches, unpacks what is needed, compiles, tries, and removes the wheel", async () => {
    await run(world.setUp())
    expect(world.ran).toEqual(["pip install", "pip download", "compile", "probe"])
    expect(filesOf(libraries())).toEqual([
      "include/tensorflow/c/c_api.h",
      "include/tensorflow/c/eager/c_api.h",
      "include/tensorflow/core/public/version.h",
      "include/tsl/platform/ctstring.h",
      "include/xla/tsl/c/tsl_status.h",
      "lib/libtensorflow_cc.so.2",
      "lib/libtensorflow_framework.so.2",
      "orbitrank.json",
      "tensorflow.libs/libomp-e9212f90.so.5"
    ])
    expect(readFileSync(join(libraries(), "lib", "libtensorflow_cc.so.2"))).toEqual(library("cc"))
    expect(world.said.at(-1)).toBe("TensorFlow 2.15.1 works, with 2 threads.")
    expect(readdirSync(join(world.cache, "downloads"))).toEqual([])
    expect(halfMade(world)).toEqual([])
  })

  it("links libraries and headers where the binding and the linker look", async () => {
    await run(world.setUp())
    const lib = join(built(), "deps", "lib")
    expect(readlinkSync(join(lib, "libtensorflow.so"))).toBe("libtensorflow_cc.so.2")
    expect(readFileSync(join(lib, "libtensorflow.so"))).toEqual(library("cc"))
    expect(readFileSync(join(lib, "libtensorflow_framework.so"))).toEqual(library("framework"))
    expect(readFileSync(join(lib, "..", "tensorflow.libs", "libomp-e9212f90.so.5"))).toEqual(library("omp"))
    expect(readFileSync(join(built(), "deps", "include", "tensorflow", "c", "c_api.h"), "utf8")).toBe("c api")
    expect(filesOf(join(built(), "lib"))).toEqual(["napi-v8/tfjs_binding.node"])
    expect(findNative(world.project)).toEqual({ found: true, packageFolder: built(), version: "2.15.1", gpu: false })
  })

  it("does nothing a second time but try it", async () => {
    await run(world.setUp())
    world.ran.length = 0
    await run(world.setUp())
    expect(world.ran).toEqual(["probe"])
    expect(world.said.at(-1)).toMatch(/^Already set up\. TensorFlow 2\.15\.1/)
  })

  it("compiles only, where another project has the libraries", async () => {
    await run(world.setUp())
    rmSync(join(world.project, ".tensorflow"), { recursive: true })
    world.ran.length = 0
    await run(world.setUp())
    expect(world.ran).toEqual(["compile", "probe"])
  })

  it("makes damaged libraries and outdated bindings anew", async () => {
    await run(world.setUp())
    truncateSync(join(libraries(), "lib", "libtensorflow_cc.so.2"), 100)
    expect(findNative(world.project)).toMatchObject({
      found: false,
      why: "TensorFlow's libraries are missing or incomplete"
    })
    await run(world.setUp())
    expect(findNative(world.project)).toMatchObject({ found: true })
    const manifest = join(world.project, "node_modules", "@tensorflow", "tfjs-node-gpu", "package.json")
    writeFileSync(manifest, JSON.stringify({ version: "4.23.0", main: "dist/index.js" }))
    world.ran.length = 0
    await run(world.setUp())
    expect(world.ran).toEqual(["compile", "probe"])
  })
})

describe("functions made of graphs", () => {
  const sourceOf = (file: string) => readFileSync(join(built(), "binding", file), "utf8")

  it("are added to the source of the binding before it is compiled", async () => {
    await run(world.setUp())
    expect(sourceOf("tfjs_binding.cc")).toContain('{"addFunction", nullptr, AddFunction')
    expect(sourceOf("tfjs_backend.cc")).toContain("TFE_ContextAddFunction(tfe_context_, function.get()")
    expect(readBuilt(built())?.graphFunctions).toBe(GRAPH_FUNCTIONS)
  })

  it("make the set-up compile again where an older one has compiled without them", async () => {
    await run(world.setUp())
    const { graphFunctions, ...older } = readBuilt(built()) ?? { graphFunctions: 0 }
    writeFileSync(join(built(), "orbitrank.json"), JSON.stringify(older))
    world.ran.length = 0
    await run(world.setUp())
    expect(world.ran).toEqual(["compile", "probe"])
    expect(readBuilt(built())?.graphFunctions).toBe(graphFunctions)
  })

  it("refuse a source that they do not fit", async () => {
    const file = join(world.project, "node_modules", "@tensorflow", "tfjs-node-gpu", "binding", "tfjs_backend.h")
    writeFileSync(file, "class Another {};")
    expect(await world.fails()).toMatch(
      /^SetupError binding\/tfjs_backend\.h of @tensorflow\/tfjs-node-gpu: is not the source of version 4\.22\.0.*npm ci/
    )
    expect(halfMade(world)).toEqual([])
  })

  it("fit the source of the installed package", () => {
    const folder = join(import.meta.dirname, "../../../../node_modules/@tensorflow/tfjs-node-gpu/binding")
    for (const { file, text } of INSERTIONS) {
      expect(withGraphFunctions(file, readFileSync(join(folder, file), "utf8")), file).toContain(text)
    }
  })
})

describe("other sources", () => {
  it("a given wheel needs no pip", async () => {
    const path = giveWheel(world.index.get(WHEEL) as Buffer)
    await run(world.setUp({ wheel: path }))
    expect(world.ran).toEqual(["compile", "probe"])
    expect(existsSync(path)).toBe(true)
  })

  it("an installed Python TensorFlow, named by either folder", async () => {
    for (const [name, content] of Object.entries(tensorflowFiles())) {
      const path = join(world.root, "site", name)
      mkdirSync(dirname(path), { recursive: true })
      writeFileSync(path, content)
    }
    await run(world.setUp({ from: join(world.root, "site", "tensorflow") }))
    const copied = filesOf(libraries())
    expect(copied).toContain("lib/libtensorflow_cc.so.2")
    expect(copied).toContain("tensorflow.libs/libomp-e9212f90.so.5")
    expect(copied).not.toContain("include/tensorflow/core/kernels/conv.h")
    rmSync(libraries(), { recursive: true })
    await run(world.setUp({ from: join(world.root, "site") }))
    expect(filesOf(libraries())).toEqual(copied)
    expect(await world.fails({ from: world.root })).toMatch(
      /^SetupInputError .*: no Python TensorFlow is installed in this folder/
    )
  })

  it("CUDA: the wheels that TensorFlow's own wheel names, found from both folders of libraries", async () => {
    const metadata = `Requires-Dist: nvidia-cublas-cu12 (==12.2.5.6) ; extra == 'and-cuda'\nRequires-Dist: numpy <2\n`
    world.index.set(CUDA_WHEEL, wheel(CUDA_WHEEL, tensorflowFiles(), { metadata }))
    const cublas = { "nvidia/cublas/lib/libcublas.so.12": library("cublas"), "nvidia/cublas/include/cublas.h": "no" }
    world.index.set(CUBLAS_WHEEL, wheel(CUBLAS_WHEEL, cublas))
    await run(world.setUp({ gpu: true }))
    expect(world.ran).toEqual(["pip install", "pip download", "pip install", "pip download", "compile", "probe"])
    expect(filesOf(join(libraries("-gpu"), "nvidia"))).toEqual(["cublas/lib/libcublas.so.12"])
    const seen = join(built(), "deps", "lib", "..", "nvidia", "cublas", "lib", "libcublas.so.12")
    expect(readFileSync(seen)).toEqual(library("cublas"))
    expect(world.said.at(-1)).toMatch(/It is set up for a GPU, but found none\.$/)
    expect(readdirSync(join(world.cache, "downloads"))).toEqual([])
  })

  it("refuses a wheel without CUDA for --gpu", async () => {
    world.index.set(CUDA_WHEEL, wheel(CUDA_WHEEL, tensorflowFiles()))
    expect(await world.fails({ gpu: true })).toMatch(/^SetupInputError .*: is a TensorFlow without CUDA/)
  })
})

describe("wheels that will not do", () => {
  const fails = async (bytes: Buffer, name?: string) => {
    const message = await world.fails({ wheel: giveWheel(bytes, name) })
    expect(halfMade(world)).toEqual([])
    expect(existsSync(libraries())).toBe(false)
    return message
  }

  it("cut short", async () => {
    const whole = world.index.get(WHEEL) as Buffer
    expect(await fails(whole.subarray(0, whole.length - 30))).toMatch(
      /^SetupError .*: the wheel is damaged: it cannot be read as a zip archive/
    )
  })

  it("with one damaged byte: refused, unless it stands where nothing is taken from", async () => {
    const whole = world.index.get(WHEEL) as Buffer
    const wanted = new Map<string, Buffer>()
    await run(world.setUp({ wheel: giveWheel(whole) }))
    for (const name of filesOf(libraries())) wanted.set(name, readFileSync(join(libraries(), name)))
    let refused = 0
    const damage = fc.asyncProperty(
      fc.nat({ max: whole.length - 1 }),
      fc.integer({ min: 1, max: 255 }),
      async (at, bits) => {
        rmSync(libraries(), { recursive: true, force: true })
        const bytes = Buffer.from(whole)
        bytes[at] ^= bits
        const exit = await Effect.runPromiseExit(world.setUp({ wheel: giveWheel(bytes) }))
        expect(halfMade(world)).toEqual([])
        if (Exit.isFailure(exit)) {
          refused++
          expect(Exit.findErrorOption(exit)).toMatchObject({ value: { _tag: expect.stringMatching(/^Setup/) } })
          expect(existsSync(libraries())).toBe(false)
        } else for (const [name, content] of wanted) expect(readFileSync(join(libraries(), name))).toEqual(content)
      }
    )
    await fc.assert(damage, { numRuns: 60 })
    expect(refused).toBeGreaterThan(10)
  })

  it("with another content than its RECORD says", async () => {
    const record = (name: string, hash: string) => (name.endsWith("cc.so.2") ? `A${hash.slice(1)}` : hash)
    expect(await fails(wheel(WHEEL, tensorflowFiles(), { record }))).toContain("that its RECORD does not match")
  })

  it("for another platform, by its name or by its libraries", async () => {
    const bytes = wheel(WHEEL, tensorflowFiles(0xb7))
    const arm = WHEEL.replaceAll("x86_64", "aarch64")
    expect(await fails(bytes, arm)).toMatch(/^SetupInputError .*is for another platform \(manylinux_2_17_aarch64, /)
    expect(await fails(bytes)).toMatch(/^SetupInputError .*libtensorflow_cc\.so\.2 is not a library for linux-x64/)
  })

  it("without the libraries, or no wheel at all", async () => {
    expect(await fails(wheel(WHEEL, { "tensorflow/__init__.py": "" }))).toContain("lacks libtensorflow_cc.so.2 and")
    expect(await fails(Buffer.from("hello"), "tf.zip")).toMatch(
      /^SetupInputError .*is not named like a TensorFlow wheel/
    )
    expect(await world.fails({ wheel: "/nowhere/tensorflow-2.15.1-a-b-linux_x86_64.whl" })).toContain("no such file")
  })

  it("with another sha-256 than the index announced", async () => {
    expect(await world.fails({}, { announced: "00" })).toMatch(
      /^SetupError .*is not the one that the package index announced/
    )
    expect(filesOf(world.root).filter((name) => name.endsWith(".whl"))).toEqual([])
  })
})

describe("known wheels", () => {
  const digest = (bytes: Buffer) => createHash("sha256").update(bytes).digest("hex")
  const PLACE = "linux-x64 tensorflow-cpu==2.15.1"
  const pinsFor = (bytes: Buffer) => ({ [PLACE]: digest(bytes) })
  const genuine = () => world.index.get(WHEEL) as Buffer
  const forged = () => wheel(WHEEL, { ...tensorflowFiles(), "tensorflow/libtensorflow_cc.so.2": library("forged") })
  const downloads = () => join(world.cache, "downloads", "tensorflow-cpu-2.15.1-linux-x64")

  it("cover every default wheel, of each platform, CUDA among them", () => {
    const names = Object.keys(PINS)
    for (const [arch, gpu] of [
      ["x64", false],
      ["arm64", false],
      ["x64", true]
    ] as const) {
      const name = distributionOf(DEFAULT_VERSION, arch, gpu)
      expect(pinOf(PINS, `linux-${arch}`, { name, version: DEFAULT_VERSION })).toMatch(/^[0-9a-f]{64}$/)
    }
    expect(names.filter((name) => name.includes(" nvidia-"))).toHaveLength(12)
    expect(new Set(Object.values(PINS)).size).toBe(names.length)
  })

  it("are taken, and nothing is said of the index", async () => {
    await run(world.setUp({}, { pins: pinsFor(genuine()) }))
    expect(world.said.join()).not.toContain("package index")
  })

  it("are not replaced by what an index offers, whatever it announces", async () => {
    const pins = pinsFor(genuine())
    world.index.set(WHEEL, forged())
    const message =
      /^SetupError tensorflow_cpu-2\.15\.1.*: this is not the wheel that orbitrank was released with.*pypi\.org/
    expect(await world.fails({}, { pins })).toMatch(message)
    expect(world.ran).toEqual(["pip install"])
    expect(await world.fails({}, { pins, announced: digest(genuine()) })).toMatch(message)
    expect([existsSync(libraries()), halfMade(world), existsSync(downloads())]).toEqual([false, [], false])
  })

  it("are not evaded by another file name", async () => {
    const pins = pinsFor(genuine())
    world.index.clear()
    world.index.set(WHEEL.replace("2.15.1-cp311", "2.15.1-9-cp311"), forged())
    expect(await world.fails({}, { pins })).toMatch(/not the wheel that orbitrank was released with/)
  })

  it("other versions are checked against the index, and the user is told", async () => {
    await run(world.setUp())
    expect(world.said[0]).toBe(
      "  tensorflow-cpu 2.15.1: not a default version, so it is checked against the package index only"
    )
  })

  it("a given wheel with a known name has the known content", async () => {
    const pins = pinsFor(genuine())
    await run(world.setUp({ wheel: giveWheel(genuine()) }, { pins }))
    expect(await world.fails({ wheel: giveWheel(forged()) }, { pins })).toMatch(
      /^SetupInputError .*: has the name of a wheel from PyPI, but not its content \(SHA-256\)\. Download it again/
    )
    const own = WHEEL.replace("2.15.1-cp311", "2.15.1-1-cp311")
    rmSync(libraries(), { recursive: true })
    await run(world.setUp({ wheel: giveWheel(forged(), own) }, { pins }))
    expect(readFileSync(join(libraries(), "lib", "libtensorflow_cc.so.2"))).toEqual(library("forged"))
  })

  it.each([
    ["known to orbitrank", true],
    ["known from the index", false]
  ])("in the cache are checked again: %s", async (_, known) => {
    const pins = known ? pinsFor(genuine()) : {}
    const reached = Deferred.makeUnsafe<void>()
    const fiber = Effect.runFork(
      world.setUp(
        {},
        {
          pins,
          onProgress: (task) => task === "Unpacking" && void Effect.runFork(Deferred.succeed(reached, undefined))
        }
      )
    )
    await Effect.runPromise(Deferred.await(reached))
    await Effect.runPromise(Fiber.interrupt(fiber))
    expect(readdirSync(downloads())).toEqual(["sha256.json", WHEEL])
    writeFileSync(join(downloads(), WHEEL), forged())
    world.ran.length = 0
    await run(world.setUp({}, { pins }))
    expect(world.ran).toEqual(["pip install", "pip download", "compile", "probe"])
    expect(world.said.join()).toContain("a downloaded wheel was changed or is incomplete; downloading again")
    expect(readFileSync(join(libraries(), "lib", "libtensorflow_cc.so.2"))).toEqual(library("cc"))
  })
})

describe("libraries whose content was changed", () => {
  const cc = () => join(libraries(), "lib", "libtensorflow_cc.so.2")
  const forge = () => writeFileSync(cc(), library("xx"))
  const checked = () => join(built(), "checked.json")
  const load = () => loadNative({ packageFolder: built() })

  it("are not loaded, though their size is right, and are made anew by the set-up", async () => {
    await run(world.setUp())
    load()
    forge()
    expect(findNative(world.project)).toMatchObject({ found: true })
    expect(load).toThrow(
      /libtensorflow_cc\.so\.2 was changed after TensorFlow was set up \(its SHA-256 differs\)\. Run `npm run/
    )
    await run(world.setUp())
    expect(readFileSync(cc())).toEqual(library("cc"))
    load()
  })

  it("are read once for each version of orbitrank, and again if their time has changed", async () => {
    await run(world.setUp())
    const date = () => utimesSync(cc(), 1e9, 1e9)
    date()
    load()
    forge()
    // With the same time, the last check of this version still holds.
    date()
    load()
    const kept = JSON.parse(readFileSync(checked(), "utf8"))
    writeFileSync(checked(), JSON.stringify({ ...kept, orbitrank: "0.0.1" }))
    expect(load).toThrow(/was changed/)
    writeFileSync(checked(), "{")
    expect(load).toThrow(/was changed/)
  })

  it("of a set-up of version 0.1.0, which recorded no SHA-256, are compared with the first check", async () => {
    await run(world.setUp())
    const path = join(built(), "orbitrank.json")
    const { sha256: _, ...old } = JSON.parse(readFileSync(path, "utf8"))
    writeFileSync(path, JSON.stringify(old))
    load()
    forge()
    expect(load).toThrow(/was changed/)
  })
})

describe("what a machine may lack", () => {
  const cases: ReadonlyArray<readonly [string, Parameters<World["fails"]>[1], RegExp]> = [
    ["Python", { without: ["python3", "python"] }, /^SetupError Python: no Python 3 was found.*apt install python3/],
    ["a compiler", { without: ["c++", "g++", "clang++"] }, /^SetupError C\+\+ compiler: .*build-essential/],
    ["make", { without: ["make", "gmake"] }, /^SetupError make: .*build-essential/],
    ["node-gyp", { without: ["node-gyp"] }, /^SetupError node-gyp: .*npm run setup:tensorflow/],
    [
      "disk space",
      { free: 1e8 },
      /^SetupError .*950 MB of disk space are needed, but only 100 MB are free.*XDG_CACHE_HOME/
    ],
    ["pip", { pip: "/usr/bin/python3: No module named pip" }, /^SetupError .*Python has no pip.*--wheel FILE/],
    ["disk space for pip", { pip: "ERROR: [Errno 28] No space left on device" }, /the disk is full.*XDG_CACHE_HOME/],
    ["a new pip", { pip: "no such option: --report" }, /pip is older than 22\.2/],
    ["a network", { pip: "WARNING: Retrying (Retry(total=1: NewConnectionError" }, /cannot reach its package index/],
    [
      "this version",
      { pip: "(from versions: 2.16.1, 2.17.0)\nERROR: No matching" },
      /the index lists 2\.16\.1, 2\.17\.0/
    ],
    ["pip's luck", { pip: "boom\nERROR: odd thing" }, /pip failed \(odd thing\)/],
    [
      "good headers",
      { compiler: "a.h:1: fatal error: no c_api.h" },
      /does not compile \(a\.h:1: fatal error: no c_api\.h\)/
    ],
    ["Node's headers", { compiler: "gyp ERR! getaddrinfo ENOTFOUND nodejs.org" }, /cannot download Node's headers/],
    [
      "arithmetic",
      { product: [1, 2, 3, 4] },
      /product of two matrices is wrong \(1, 2, 3, 4; expected 58, 64, 139, 154\)/
    ],
    [
      "Linux",
      { platform: { os: "darwin", arch: "arm64", libc: "none" } },
      /^SetupInputError darwin-arm64: .*WebAssembly/
    ],
    [
      "glibc",
      { platform: { os: "linux", arch: "x64", libc: "musl" } },
      /^SetupInputError linux-x64 \(musl\): .*WebAssembly/
    ]
  ]
  for (const [what, faults, message] of cases) {
    it(what, async () => {
      expect(await world.fails({}, faults)).toMatch(message)
      expect(halfMade(world)).toEqual([])
      expect(existsSync(built())).toBe(false)
    })
  }

  it("a path without spaces", async () => {
    const project = join(world.root, "my project")
    cpSync(world.project, project, { recursive: true })
    expect(await world.fails({}, { project })).toMatch(/my project: the path contains a space.* Move the project/)
    expect(world.ran).toEqual([])
  })

  it("nothing is fetched where compiling cannot work", async () => {
    await world.fails({}, { without: ["make", "gmake"] })
    expect(world.ran).toEqual([])
  })

  it("a sense: options that exclude each other, versions without libraries", async () => {
    expect(await world.fails({ version: "2.15.1", wheel: "x" })).toContain(
      "--wheel and --version: each of these options decides"
    )
    expect(await world.fails({ version: "2.9.1" })).toMatch(/^SetupInputError --version 2\.9\.1: /)
    expect(await world.fails({ version: "newest" })).toMatch(/^SetupInputError/)
  })

  it("--check says what is there and changes nothing", async () => {
    expect(await world.fails({ check: true })).toMatch(/TensorFlow is not set up\. Run `npm run setup:tensorflow`/)
    expect(existsSync(world.cache)).toBe(false)
    await run(world.setUp())
    world.ran.length = 0
    await run(world.setUp({ check: true }))
    expect(world.ran).toEqual(["probe"])
  })
})

describe("interrupted", () => {
  /** Interrupts the set-up as soon as `reached` is called, and waits for its end. */
  const interruptAt = async (faults: (reached: () => void) => Parameters<World["setUp"]>[1]) => {
    await run(
      Effect.gen(function* () {
        const here = yield* Deferred.make<void>()
        const reached = () => void Effect.runFork(Deferred.succeed(here, undefined))
        const fiber = yield* Effect.forkChild(world.setUp({}, faults(reached)))
        yield* Deferred.await(here)
        yield* Fiber.interrupt(fiber)
      })
    )
    expect(halfMade(world)).toEqual([])
    expect(existsSync(built())).toBe(false)
  }
  const atProcess = (part: string) =>
    interruptAt((reached) => ({
      at: (what) => (what.includes(part) ? Effect.andThen(Effect.sync(reached), Effect.never) : Effect.void)
    }))

  it("while fetching: fetches again", async () => {
    await atProcess("pip download")
    expect(existsSync(libraries())).toBe(false)
    world.ran.length = 0
    await run(world.setUp())
    expect(world.ran).toEqual(["pip install", "pip download", "compile", "probe"])
  })

  it("while unpacking: the wheel stays, and is not fetched again", async () => {
    await interruptAt((reached) => ({ onProgress: (task) => task === "Unpacking" && reached() }))
    world.ran.length = 0
    await run(world.setUp())
    expect(world.ran).toEqual(["compile", "probe"])
  })

  it("while compiling or trying: the libraries stay", async () => {
    await atProcess("rebuild")
    await atProcess("probe.ts")
    world.ran.length = 0
    await run(world.setUp())
    expect(world.ran).toEqual(["compile", "probe"])
  })

  it("killed: what it left is removed, what others work on is not", async () => {
    const folders = [join(world.cache, "2.15.1-linux-x64"), join(world.project, ".tensorflow", "tfjs-node-gpu")]
    for (const folder of folders) mkdirSync(`${folder}.partial-999999999`, { recursive: true })
    mkdirSync(`${libraries("-gpu")}.partial-1`)
    await run(world.setUp())
    expect(halfMade(world)).toEqual(["cache/2.15.1-linux-x64-gpu.partial-1"])
  })
})
