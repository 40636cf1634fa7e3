/** Fetching wheels with the user's own pip, so that its index, proxy and certificates count. */
import { createHash } from "node:crypto"
import { createReadStream } from "node:fs"
import { mkdir, readdir, readFile, rm, stat } from "node:fs/promises"
import { basename, join } from "node:path"
import { pipeline } from "node:stream/promises"
import { Effect, Schema } from "effect"
import { beside, diskFull, fileFault, fileWork, settled } from "./folders.ts"
import { Machine, type Outcome, platformKey } from "./machine.ts"
import { SetupError } from "./setup-error.ts"
import { platformTags } from "./wheel.ts"

export interface Requirement {
  readonly name: string
  readonly version: string
}

const noPython = new SetupError({
  subject: "Python",
  problem: "there is no Python 3 on this machine (python3, python)",
  remedy: "Install one, of any version, for example with `sudo apt install python3 python3-pip`"
})

/** A Python 3 of any version: node-gyp needs one too. */
export const findPython = Effect.gen(function* () {
  const { run } = yield* Machine
  for (const program of ["python3", "python"]) {
    const version = yield* run(program, ["-c", "import sys; print(sys.version_info[0])"]).pipe(
      Effect.catchTag("NoProgram", () => Effect.succeed(undefined))
    )
    if (version?.code === 0 && version.stdout.trim() === "3") return program
  }
  return yield* noPython
})

const pip = Effect.fnUntraced(function* (python: string, args: ReadonlyArray<string>, temporary: string) {
  const { run } = yield* Machine
  // Settings of a user's pip that cannot go together with a target folder.
  const env = { PIP_USER: "0", PIP_REQUIRE_VIRTUALENV: "0", PIP_DISABLE_PIP_VERSION_CHECK: "1", TMPDIR: temporary }
  return yield* run(python, ["-m", "pip", ...args], { env }).pipe(
    Effect.catchTag("NoProgram", () => Effect.fail(noPython))
  )
})

const NETWORK =
  /NewConnectionError|NameResolutionError|name resolution|ConnectTimeout|ReadTimeout|ProxyError|SSLError|Connection (refused|broken|reset)|Max retries|Network is unreachable|Retrying \(/
const WITHOUT_PIP = "With a wheel from elsewhere, `--wheel FILE` needs no pip"

/** What pip says, as a problem with its remedy. */
export const pipFault = (subject: string, { stderr }: Outcome): SetupError => {
  const fault = (problem: string, remedy: string) => new SetupError({ subject, problem, remedy, cause: stderr })
  if (/No module named '?pip/.test(stderr)) {
    return fault("Python has no pip", `Install it, for example with \`sudo apt install python3-pip\`. ${WITHOUT_PIP}`)
  }
  if (/no such option: --report/.test(stderr)) {
    return fault("pip is older than 22.2", `Renew it with \`python3 -m pip install --upgrade pip\`. ${WITHOUT_PIP}`)
  }
  if (/No space left on device|Errno 28/.test(stderr)) return diskFull(subject, stderr)
  if (NETWORK.test(stderr)) {
    return fault(
      "pip does not reach its package index",
      "Check the network and pip's settings (`python3 -m pip config list`), or fetch the wheel elsewhere and give it with `--wheel FILE`"
    )
  }
  const versions = /from versions: ([^)]*)\)/.exec(stderr)?.[1]
  if (versions !== undefined || /No matching distribution/.test(stderr)) {
    const listed = versions === undefined || versions === "none" ? "none that runs here" : versions
    return fault("the package index has no such wheel", `Name another one with \`--version X.Y.Z\`; it lists ${listed}`)
  }
  if (/THESE PACKAGES DO NOT MATCH THE HASHES/i.test(stderr)) return hashFault(subject)
  const last = stderr.trim().split("\n").at(-1) ?? ""
  return fault(`pip failed (${last.replace(/^ERROR: /, "")})`, `Repeat the command. ${WITHOUT_PIP}`)
}

const hashFault = (subject: string): SetupError =>
  new SetupError({
    subject,
    problem: "what was fetched is not what the package index announced (sha-256)",
    remedy: "Repeat the command; if it happens again, something between you and the index changes files"
  })

const Report = Schema.Struct({
  install: Schema.Array(
    Schema.Struct({
      download_info: Schema.Struct({
        url: Schema.String,
        archive_info: Schema.Struct({
          hash: Schema.optional(Schema.String),
          hashes: Schema.optional(Schema.Record(Schema.String, Schema.String))
        })
      })
    })
  )
})

/** File names and their sha-256 (hexadecimal), from pip's installation report (PyPA, installation report 1). */
export const announced = (report: string): ReadonlyMap<string, string> => {
  const { install } = Schema.decodeUnknownSync(Schema.fromJsonString(Report))(report)
  return new Map(
    install.map(({ download_info: { url, archive_info } }) => [
      decodeURIComponent(basename(new URL(url).pathname)),
      archive_info.hashes?.sha256 ?? archive_info.hash?.replace(/^sha256=/, "") ?? ""
    ])
  )
}

const sha256 = (path: string): Effect.Effect<string, SetupError> =>
  settled(
    async (signal) => {
      const hash = createHash("sha256")
      await pipeline(createReadStream(path, { highWaterMark: 1 << 20 }), hash, { signal })
      return hash.digest("hex")
    },
    (cause) => fileFault(path, cause)
  )

/** Bytes of the wheels under a folder; pip's own cache beside them does not count. */
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

/** Shows how a folder grows while `work` goes on: pip draws its own bar on terminals only. */
const watched = <A, E, R>(task: string, folder: string, work: Effect.Effect<A, E, R>) =>
  Effect.gen(function* () {
    const { progress } = yield* Machine
    const look = Effect.promise(async () => progress(task, await sizeOf(folder), undefined))
    return yield* Effect.raceFirst(work, Effect.forever(Effect.andThen(Effect.sleep("250 millis"), look)))
  })

/** Fetches wheels into `folder`; the hashes come from the index by a call of their own, before the files. */
const fetchInto = Effect.fnUntraced(function* (folder: string, python: string, wanted: ReadonlyArray<Requirement>) {
  const { platform, progress } = yield* Machine
  const subject = wanted.length === 1 ? `${wanted[0].name} ${wanted[0].version}` : "the CUDA libraries"
  const scratch = join(folder, "scratch")
  yield* fileWork(scratch, () => mkdir(scratch, { recursive: true }))
  const common = [
    "--no-deps",
    "--only-binary=:all:",
    "--no-input",
    "--retries=2",
    // Pips before 23.3 fetch the files for the report already; with this they do it once.
    `--cache-dir=${join(scratch, "cache")}`,
    // The libraries are the same for every Python, so one is named that all these versions were built for.
    "--python-version=3.11",
    ...platformTags(platform.arch).map((tag) => `--platform=${tag}`),
    ...wanted.map(({ name, version }) => `${name}==${version}`)
  ]
  const report = join(scratch, "report.json")
  const dry = ["install", "--dry-run", "--quiet", "--ignore-installed", `--target=${join(scratch, "none")}`]
  const task = `Fetching ${subject}`
  const asked = yield* watched(task, scratch, pip(python, [...dry, `--report=${report}`, ...common], scratch))
  if (asked.code !== 0) return yield* pipFault(subject, asked)
  const hashes = yield* settled(
    async () => announced(await readFile(report, "utf8")),
    (cause) =>
      new SetupError({
        subject,
        problem: "pip's report cannot be read",
        remedy: `Renew pip with \`python3 -m pip install --upgrade pip\`. ${WITHOUT_PIP}`,
        cause
      })
  )
  const fetched = yield* watched(
    task,
    folder,
    pip(python, ["download", "--quiet", `--dest=${folder}`, ...common], scratch)
  )
  if (fetched.code !== 0) return yield* pipFault(subject, fetched)
  yield* fileWork(scratch, () => rm(scratch, { recursive: true, force: true }))
  const files = yield* fileWork(folder, () => readdir(folder))
  if (files.length !== wanted.length) return yield* hashFault(subject)
  for (const file of files) {
    const expected = hashes.get(file)
    if (expected === undefined || expected !== (yield* sha256(join(folder, file)))) return yield* hashFault(file)
  }
  const bytes = yield* fileWork(folder, () => sizeOf(folder))
  progress(task, bytes, bytes)
})

/**
 * The wheels `wanted`, fetched and checked, in the folder `downloads/KEY` of the cache. Fetched before, they are taken
 * as they are. @returns their paths
 */
export const fetchWheels = Effect.fnUntraced(function* (key: string, wanted: ReadonlyArray<Requirement>) {
  const { cache, platform } = yield* Machine
  const folder = join(cache, "downloads", `${key}-${platformKey(platform)}`)
  const present = yield* fileWork(folder, () => readdir(folder).catch(() => []))
  if (present.length === 0) {
    const python = yield* findPython
    yield* beside(folder, (made) => fetchInto(made, python, wanted))
  }
  return (yield* fileWork(folder, () => readdir(folder))).map((file) => join(folder, file))
})
