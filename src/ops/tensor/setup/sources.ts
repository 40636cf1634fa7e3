/** Sources of the libraries: wheels, or an installed Python TensorFlow. Both are lists of files to be copied. */
import { copyFile, constants as fileConstants, readdir, readFile, stat } from "node:fs/promises"
import { basename, dirname, join, relative } from "node:path"
import { Effect } from "effect"
import { fileFault, fileWork, settled } from "./folders.ts"
import { SetupError, SetupInputError } from "./setup-error.ts"
import { sha256 } from "./sha256.ts"
import { unpackFile, unpackText, ZipFault, zipEntries } from "./unzip.ts"
import { cudaParts, LIBRARIES, placeOf, recordedHashes, runsOn, wheelName } from "./wheel.ts"

/** One file of a source. */
export interface Piece {
  /** Its path in the folder of libraries. */
  readonly place: string
  readonly bytes: number
  /** Writes it to a path whose folder exists; returns the SHA-256 (hexadecimal) of the content. */
  readonly put: (target: string, onBytes: (count: number) => void) => Effect.Effect<string, SetupError>
}

/** The libraries of one TensorFlow. */
export interface Source {
  readonly version: string
  /** File or folder name, for messages. */
  readonly from: string
  readonly pieces: ReadonlyArray<Piece>
  /** CUDA wheels that it requires; empty for a TensorFlow without CUDA. */
  readonly cuda: ReadonlyArray<{ readonly name: string; readonly version: string }>
}

const wheelFault = (path: string) => (cause: unknown) =>
  cause instanceof ZipFault
    ? new SetupError({
        subject: path,
        problem: `the wheel is damaged: it ${cause.message}`,
        remedy: "Download the file again",
        cause
      })
    : fileFault(path, cause)

const needLibraries = (source: Source): Effect.Effect<Source, SetupInputError> => {
  const missing = LIBRARIES.filter((place) => !source.pieces.some((piece) => piece.place === place))
  if (missing.length === 0) return Effect.succeed(source)
  const fault = new SetupInputError({
    subject: source.from,
    problem: `lacks ${missing.map((place) => basename(place)).join(" and ")}`,
    remedy: "Give TensorFlow 2.13 or newer for Linux: tensorflow, tensorflow-cpu or tensorflow-cpu-aws"
  })
  return Effect.fail(fault)
}

/** Returns the files of a wheel. Each is checked against the wheel's own RECORD while it is unpacked. */
const openWheel = (path: string) =>
  settled(async (signal) => {
    const entries = await zipEntries(path)
    const text = async (file: string): Promise<string> => {
      const entry = entries.find(({ name }) => name.split("/").length === 2 && name.endsWith(`.dist-info/${file}`))
      if (entry === undefined) throw new ZipFault(`has no ${file}`)
      return unpackText(path, entry, signal)
    }
    const hashes = recordedHashes(await text("RECORD"))
    const names = new Set(entries.map(({ name }) => name))
    const lost = [...hashes.keys()].find((name) => placeOf(name) !== undefined && !names.has(name))
    if (lost !== undefined) throw new ZipFault(`lacks ${lost}, which its RECORD lists`)
    const pieces = entries.flatMap((entry): ReadonlyArray<Piece> => {
      const place = placeOf(entry.name)
      if (place === undefined) return []
      const put: Piece["put"] = (target, onBytes) =>
        settled(async (stop) => {
          const hash = await unpackFile(path, entry, target, stop, onBytes)
          if (hash !== hashes.get(entry.name))
            throw new ZipFault(`holds a ${entry.name} that its RECORD does not match`)
          return Buffer.from(hash, "base64url").toString("hex")
        }, wheelFault(path))
      return [{ place, bytes: entry.size, put }]
    })
    return { pieces, cuda: cudaParts(await text("METADATA")) }
  }, wheelFault(path))

/** Returns the files of a wheel of CUDA's libraries. */
export const partWheel = (path: string): Effect.Effect<ReadonlyArray<Piece>, SetupError> =>
  Effect.map(openWheel(path), ({ pieces }) => pieces)

/**
 * Opens a wheel of TensorFlow.
 *
 * @error SetupInputError if it is for another platform, or lacks the libraries
 */
export const wheelSource = Effect.fnUntraced(function* (path: string, arch: string) {
  const name = wheelName(basename(path))
  if (name === undefined || !name.distribution.startsWith("tensorflow")) {
    return yield* new SetupInputError({
      subject: path,
      problem: "is not named like a TensorFlow wheel",
      remedy:
        "Give a file with its original name, such as tensorflow_cpu-2.15.1-cp311-cp311-manylinux_2_17_x86_64.manylinux2014_x86_64.whl"
    })
  }
  if (!runsOn(name, arch)) {
    return yield* new SetupInputError({
      subject: path,
      problem: `is for another platform (${name.platforms.join(", ")})`,
      remedy: `Give a wheel for Linux on ${arch}, or omit --wheel to download the right one`
    })
  }
  const { pieces, cuda } = yield* openWheel(path)
  return yield* needLibraries({ version: name.version, from: basename(path), pieces, cuda })
})

const versionOf = async (tensorflow: string): Promise<string | undefined> => {
  for (const file of ["release_version.h", "version.h"]) {
    const text = await readFile(join(tensorflow, "include", "tensorflow", "core", "public", file), "utf8").catch(
      () => ""
    )
    const parts = ["MAJOR", "MINOR", "PATCH"].map(
      (part) => new RegExp(`#define TF_${part}_VERSION\\s+(\\d+)`).exec(text)?.[1]
    )
    if (parts.every((part) => part !== undefined)) return parts.join(".")
  }
  return undefined
}

const filesUnder = async (site: string, folder: string): Promise<ReadonlyArray<string>> => {
  const found = await readdir(join(site, folder), { recursive: true, withFileTypes: true }).catch(() => [])
  return found.filter((one) => !one.isDirectory()).map((one) => relative(site, join(one.parentPath, one.name)))
}

/** Returns the files of an installed TensorFlow and of the libraries beside it, relative to `site`. */
const installedFiles = async (site: string): Promise<ReadonlyArray<string>> => {
  const companions = (await readdir(site)).filter((name) => /^tensorflow[a-z_]*\.libs$/.test(name))
  const top = (await readdir(join(site, "tensorflow"))).map((name) => `tensorflow/${name}`)
  const folders = ["tensorflow/include/tensorflow", "tensorflow/include/tsl", "tensorflow/include/xla/tsl", "nvidia"]
  return [...top, ...(await Promise.all([...folders, ...companions].map((one) => filesUnder(site, one)))).flat()]
}

/**
 * Opens an installed Python TensorFlow.
 *
 * @param given the folder `tensorflow`, or the `site-packages` folder that holds it
 */
export const folderSource = Effect.fnUntraced(function* (given: string) {
  const site = basename(given) === "tensorflow" ? dirname(given) : given
  const made = yield* settled(
    async () => {
      const version = await versionOf(join(site, "tensorflow"))
      if (version === undefined) return undefined
      const files = (await installedFiles(site)).flatMap((name) => {
        const place = placeOf(name)
        return place === undefined ? [] : [{ name, place }]
      })
      const pieces = files.map(async ({ name, place }): Promise<Piece> => {
        const { size } = await stat(join(site, name))
        const copy = (target: string) =>
          fileWork(target, () => copyFile(join(site, name), target, fileConstants.COPYFILE_FICLONE))
        const put: Piece["put"] = (target, onBytes) =>
          copy(target).pipe(
            Effect.andThen(sha256(target)),
            Effect.tap(() => Effect.sync(() => onBytes(size)))
          )
        return { place, bytes: size, put }
      })
      return { version, pieces: await Promise.all(pieces) }
    },
    (cause) => fileFault(given, cause)
  )
  if (made === undefined) {
    return yield* new SetupInputError({
      subject: given,
      problem: "no Python TensorFlow is installed in this folder",
      remedy: "Give the folder `tensorflow` inside a site-packages folder"
    })
  }
  return yield* needLibraries({ ...made, from: given, cuda: [] })
})
