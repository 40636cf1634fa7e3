/** Downloads wheels and checks them: by the SHA-256 that orbitrank knows, else by the one that the index announces. */
import { mkdir, readdir, readFile, rm, stat } from "node:fs/promises"
import { basename, join } from "node:path"
import { Effect, Schema } from "effect"
import { writeFileAtomic } from "../../formats/files.ts"
import { beside, fileWork, settled } from "./folders.ts"
import { Machine, platformKey } from "./machine.ts"
import { pinOf } from "./pins.ts"
import { announced, changedOnTheWay, findPython, pip, pipFault, type Requirement, WITHOUT_PIP } from "./pip.ts"
import { SetupError, SetupInputError } from "./setup-error.ts"
import { sha256 } from "./sha256.ts"
import { platformTags, wheelName } from "./wheel.ts"

/** SHA-256 (hexadecimal) by file name. */
type Hashes = Readonly<Record<string, string>>

/** Stands beside downloaded wheels, so that they can be checked again. */
const HASHES_FILE = "sha256.json"

const Hashes = Schema.fromJsonString(Schema.Record(Schema.String, Schema.String))

const wheelsIn = (folder: string): Effect.Effect<ReadonlyArray<string>, SetupError> =>
  fileWork(folder, async () => (await readdir(folder).catch(() => [])).filter((name) => name.endsWith(".whl")).sort())

/** Whether a file is a wheel of a requirement, by its name. */
const isOf = (file: string, { name, version }: Requirement): boolean => {
  const parts = wheelName(file)
  return parts?.distribution.toLowerCase() === name.replaceAll("-", "_") && parts.version === version
}

const exchanged = (file: string): SetupError =>
  new SetupError({
    subject: file,
    problem: "this is not the wheel that orbitrank was released with (its SHA-256 differs)",
    remedy:
      "Do not use it. Check which package index pip uses (`python3 -m pip config list`), or give a wheel from pypi.org with `--wheel FILE`"
  })

/** The SHA-256 that orbitrank knows for a file; `undefined` for a version that is not the default. */
const pinned = (file: string, wanted: ReadonlyArray<Requirement>) =>
  Effect.map(Machine, ({ pins, platform }) => {
    const requirement = wanted.find((one) => isOf(file, one))
    return requirement === undefined ? undefined : pinOf(pins, platformKey(platform), requirement)
  })

/**
 * Checks the wheels in a folder.
 *
 * @param hashes SHA-256 of files that orbitrank does not know
 * @returns the fault of the first file that is not the expected one; `undefined` if all are
 */
const faultIn = Effect.fnUntraced(function* (folder: string, wanted: ReadonlyArray<Requirement>, hashes: Hashes) {
  const files = yield* wheelsIn(folder)
  if (files.length !== wanted.length) return changedOnTheWay(folder)
  for (const file of files) {
    const pin = yield* pinned(file, wanted)
    const found = yield* sha256(join(folder, file))
    if (!wanted.some((one) => isOf(file, one)) || found !== (pin ?? hashes[file])) {
      return pin === undefined ? changedOnTheWay(file) : exchanged(file)
    }
  }
  return undefined
})

/** Says so if the index is the only authority for a wheel. */
const sayUnknown = Effect.fnUntraced(function* (subject: string, wanted: ReadonlyArray<Requirement>) {
  const { pins, platform, say } = yield* Machine
  const known = wanted.every((one) => pinOf(pins, platformKey(platform), one) !== undefined)
  if (!known) say(`  ${subject}: not a default version, so it is checked against the package index only`)
})

/** Size in bytes of the wheels under a folder, without pip's own cache. */
const sizeOf = async (folder: string): Promise<number> => {
  const found = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => [])
  const files = found.filter((one) => one.isFile() && one.name.endsWith(".whl"))
  const sizes = await Promise.all(
    files.map((one) =>
      stat(join(one.parentPath, one.name)).then(
        (s) => s.size,
        () => 0
      )
    )
  )
  return sizes.reduce((sum, size) => sum + size, 0)
}

/** Shows how a folder grows while `work` runs: pip draws its own bar on terminals only. */
const watched = <A, E, R>(task: string, folder: string, work: Effect.Effect<A, E, R>) =>
  Effect.gen(function* () {
    const { progress } = yield* Machine
    const look = Effect.promise(async () => progress(task, await sizeOf(folder), undefined))
    return yield* Effect.raceFirst(work, Effect.forever(Effect.andThen(Effect.sleep("250 millis"), look)))
  })

/** pip's options for finding the wheels of this platform. */
const findingOptions = (wanted: ReadonlyArray<Requirement>, arch: string, scratch: string): ReadonlyArray<string> => [
  "--no-deps",
  "--only-binary=:all:",
  "--no-input",
  "--retries=2",
  // pip before 23.3 downloads the files already for the report; the cache keeps it from doing so twice.
  `--cache-dir=${join(scratch, "cache")}`,
  // The libraries are the same for every Python. All these versions were built for this one.
  "--python-version=3.11",
  ...platformTags(arch).map((tag) => `--platform=${tag}`),
  ...wanted.map(({ name, version }) => `${name}==${version}`)
]

/** Asks the index for the files of the requirements and their SHA-256, without keeping files. */
const askIndex = Effect.fnUntraced(function* (
  subject: string,
  python: string,
  options: ReadonlyArray<string>,
  scratch: string
) {
  const report = join(scratch, "report.json")
  const dry = ["install", "--dry-run", "--quiet", "--ignore-installed", `--target=${join(scratch, "none")}`]
  const asked = yield* pip(python, [...dry, `--report=${report}`, ...options], scratch)
  if (asked.code !== 0) return yield* pipFault(subject, asked)
  return yield* settled(
    async () => Object.fromEntries(announced(await readFile(report, "utf8"))),
    (cause) =>
      new SetupError({
        subject,
        problem: "pip's report cannot be read",
        remedy: `Update pip with \`python3 -m pip install --upgrade pip\`. ${WITHOUT_PIP}`,
        cause
      })
  )
})

/** Downloads wheels into `folder` and checks them. */
const fetchInto = Effect.fnUntraced(function* (folder: string, python: string, wanted: ReadonlyArray<Requirement>) {
  const { platform, progress } = yield* Machine
  const subject = wanted.length === 1 ? `${wanted[0].name} ${wanted[0].version}` : "the CUDA libraries"
  const scratch = join(folder, "scratch")
  yield* fileWork(scratch, () => mkdir(scratch, { recursive: true }))
  yield* sayUnknown(subject, wanted)
  const options = findingOptions(wanted, platform.arch, scratch)
  const task = `Downloading ${subject}`
  const hashes = yield* watched(task, scratch, askIndex(subject, python, options, scratch))
  for (const [file, hash] of Object.entries(hashes)) {
    const pin = yield* pinned(file, wanted)
    if (pin !== undefined && pin !== hash) return yield* exchanged(file)
  }
  const got = yield* watched(
    task,
    folder,
    pip(python, ["download", "--quiet", `--dest=${folder}`, ...options], scratch)
  )
  if (got.code !== 0) return yield* pipFault(subject, got)
  yield* fileWork(scratch, () => rm(scratch, { recursive: true, force: true }))
  const fault = yield* faultIn(folder, wanted, hashes)
  if (fault !== undefined) return yield* fault
  yield* fileWork(folder, async () => writeFileAtomic(join(folder, HASHES_FILE), `${JSON.stringify(hashes)}\n`))
  const bytes = yield* fileWork(folder, () => sizeOf(folder))
  progress(task, bytes, bytes)
})

/** SHA-256 of the wheels in a folder as they were recorded after the download; none for folders of version 0.1.0. */
const recordedIn = (folder: string): Effect.Effect<Hashes> =>
  Effect.promise(() => readFile(join(folder, HASHES_FILE), "utf8").catch(() => "{}")).pipe(
    Effect.flatMap(Schema.decodeUnknownEffect(Hashes)),
    Effect.orElseSucceed(() => ({}))
  )

/**
 * Returns the paths of the wheels `wanted`, in the folder `downloads/KEY` of the cache. Wheels that are there already are
 * checked again; if one is not the expected one, all of the folder are downloaded again.
 */
export const fetchWheels = Effect.fnUntraced(function* (key: string, wanted: ReadonlyArray<Requirement>) {
  const { cache, platform, say } = yield* Machine
  const folder = join(cache, "downloads", `${key}-${platformKey(platform)}`)
  const present = (yield* wheelsIn(folder)).length > 0
  const fault = present ? yield* faultIn(folder, wanted, yield* recordedIn(folder)) : undefined
  if (fault !== undefined)
    say(`  ${basename(folder)}: a downloaded wheel was changed or is incomplete; downloading again`)
  if (!present || fault !== undefined) {
    const python = yield* findPython
    yield* beside(folder, (made) => fetchInto(made, python, wanted))
  }
  return (yield* wheelsIn(folder)).map((file) => join(folder, file))
})

/** Python that the known wheels were built for; the same TensorFlow for another Python has another SHA-256. */
const KNOWN_PYTHON = /^[^-]+-[^-]+-cp311-cp311-/

/** Fails if a wheel that the user gives has the name of a known wheel but not its content. */
export const checkGiven = Effect.fnUntraced(function* (path: string) {
  const file = basename(path)
  const parts = wheelName(file)
  if (parts === undefined || !KNOWN_PYTHON.test(file)) return
  const pin = yield* pinned(file, [{ name: parts.distribution.replaceAll("_", "-"), version: parts.version }])
  if (pin === undefined || pin === (yield* sha256(path))) return
  return yield* new SetupInputError({
    subject: path,
    problem: "has the name of a wheel from PyPI, but not its content (SHA-256)",
    remedy:
      "Download it again from pypi.org; if you have built it yourself, give it a build number, as in 2.15.1-1-cp311"
  })
})
