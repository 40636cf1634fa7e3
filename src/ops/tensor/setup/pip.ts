/** The user's own pip, so that its index, proxy and certificates apply. */
import { basename } from "node:path"
import { Effect, Schema } from "effect"
import { diskFull } from "./folders.ts"
import { Machine, type Outcome } from "./machine.ts"
import { SetupError } from "./setup-error.ts"

/** A Python package and its version, as in `tensorflow-cpu==2.15.1`. */
export interface Requirement {
  readonly name: string
  readonly version: string
}

const noPython = new SetupError({
  subject: "Python",
  problem: "no Python 3 was found (tried python3 and python)",
  remedy: "Install Python 3 in any version, for example with `sudo apt install python3 python3-pip`"
})

/** Returns the command of a Python 3 in any version. pip and node-gyp both need one. */
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

/**
 * Runs pip.
 *
 * @param temporary folder for pip's temporary files
 */
export const pip = Effect.fnUntraced(function* (python: string, args: ReadonlyArray<string>, temporary: string) {
  const { run } = yield* Machine
  // A user's settings that conflict with a target folder.
  const env = { PIP_USER: "0", PIP_REQUIRE_VIRTUALENV: "0", PIP_DISABLE_PIP_VERSION_CHECK: "1", TMPDIR: temporary }
  return yield* run(python, ["-m", "pip", ...args], { env }).pipe(
    Effect.catchTag("NoProgram", () => Effect.fail(noPython))
  )
})

const NETWORK =
  /NewConnectionError|NameResolutionError|name resolution|ConnectTimeout|ReadTimeout|ProxyError|SSLError|Connection (refused|broken|reset)|Max retries|Network is unreachable|Retrying \(/
/** The way out if pip does not work. */
export const WITHOUT_PIP = "If you have the wheel already, give it with `--wheel FILE`; that needs no pip"

/** Returns pip's failure as a problem with its remedy. */
export const pipFault = (subject: string, { stderr }: Outcome): SetupError => {
  const fault = (problem: string, remedy: string) => new SetupError({ subject, problem, remedy, cause: stderr })
  if (/No module named '?pip/.test(stderr)) {
    return fault("Python has no pip", `Install it, for example with \`sudo apt install python3-pip\`. ${WITHOUT_PIP}`)
  }
  if (/no such option: --report/.test(stderr)) {
    return fault("pip is older than 22.2", `Update it with \`python3 -m pip install --upgrade pip\`. ${WITHOUT_PIP}`)
  }
  if (/No space left on device|Errno 28/.test(stderr)) return diskFull(subject, stderr)
  if (NETWORK.test(stderr)) {
    return fault(
      "pip cannot reach its package index",
      "Check the network and pip's settings (`python3 -m pip config list`), or download the wheel on another machine and give it with `--wheel FILE`"
    )
  }
  const versions = /from versions: ([^)]*)\)/.exec(stderr)?.[1]
  if (versions !== undefined || /No matching distribution/.test(stderr)) {
    const listed = versions === undefined || versions === "none" ? "no version for this platform" : versions
    return fault(
      "the package index has no wheel of this version",
      `Choose another version with \`--version X.Y.Z\`; the index lists ${listed}`
    )
  }
  if (/THESE PACKAGES DO NOT MATCH THE HASHES/i.test(stderr)) return changedOnTheWay(subject)
  const last = stderr.trim().split("\n").at(-1) ?? ""
  return fault(`pip failed (${last.replace(/^ERROR: /, "")})`, `Repeat the command. ${WITHOUT_PIP}`)
}

/** The fault of a file whose SHA-256 differs from the one that the index announced. */
export const changedOnTheWay = (subject: string): SetupError =>
  new SetupError({
    subject,
    problem: "the downloaded file is not the one that the package index announced (SHA-256)",
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

/** Returns file names and their SHA-256 (hexadecimal) from pip's installation report (PyPA, installation report 1). */
export const announced = (report: string): ReadonlyMap<string, string> => {
  const { install } = Schema.decodeUnknownSync(Schema.fromJsonString(Report))(report)
  return new Map(
    install.map(({ download_info: { url, archive_info } }) => [
      decodeURIComponent(basename(new URL(url).pathname)),
      archive_info.hashes?.sha256 ?? archive_info.hash?.replace(/^sha256=/, "") ?? ""
    ])
  )
}
