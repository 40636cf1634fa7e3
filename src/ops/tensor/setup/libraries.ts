/** Makes the folder of libraries in the user's cache: `VERSION-PLATFORM[-gpu]/{lib,include,nvidia}`. */
import { mkdir, open, rm } from "node:fs/promises"
import { basename, dirname, join } from "node:path"
import { Effect } from "effect"
import { writeFileAtomic } from "../../formats/files.ts"
import { isIntact } from "./content.ts"
import { checkGiven, fetchWheels } from "./fetch.ts"
import { beside, fileWork, needSpace } from "./folders.ts"
import { Machine, platformKey } from "./machine.ts"
import { type Built, RECORD_FILE, wholeLibraries } from "./record.ts"
import { SetupInputError } from "./setup-error.ts"
import { folderSource, type Piece, partWheel, type Source, wheelSource } from "./sources.ts"
import { distributionOf, isLibraryFor, LIBRARIES } from "./wheel.ts"

/** Disk space in bytes that the wheels and their unpacked files need together, roughly. */
const ROOM = { cpu: 0.95e9, gpu: 9e9 } as const

/** The TensorFlow that the user asks for. */
export interface Wanted {
  readonly version: string
  readonly gpu: boolean
  readonly wheel?: string
  readonly from?: string
}

const openSource = Effect.fnUntraced(function* ({ version, gpu, wheel, from }: Wanted) {
  const { platform, cache } = yield* Machine
  if (from !== undefined) return yield* folderSource(from)
  if (wheel !== undefined) {
    const source = yield* wheelSource(wheel, platform.arch)
    yield* checkGiven(wheel)
    return source
  }
  yield* needSpace(cache, gpu ? ROOM.gpu : ROOM.cpu)
  const name = distributionOf(version, platform.arch, gpu)
  const [path] = yield* fetchWheels(`${name}-${version}`, [{ name, version }])
  return yield* wheelSource(path, platform.arch)
})

/** Returns CUDA's libraries, from the wheels that TensorFlow's wheel requires; none if the source has them already. */
const cudaPieces = Effect.fnUntraced(function* (source: Source, gpu: boolean) {
  const inside = source.pieces.filter(({ place }) => place.startsWith("nvidia/"))
  if (!gpu || inside.length > 0) return []
  if (source.cuda.length === 0) {
    return yield* new SetupInputError({
      subject: source.from,
      problem: "is a TensorFlow without CUDA",
      remedy: "Give a wheel of `tensorflow` 2.14 or newer for Linux on x86-64, or omit --gpu"
    })
  }
  const wheels = yield* fetchWheels(`cuda-${source.version}`, source.cuda)
  return (yield* Effect.forEach(wheels, partWheel)).flat()
})

/** Fails if a library is for another processor; its own header says so, whatever the wheel's name says. */
const checkProcessor = Effect.fnUntraced(function* (folder: string, from: string) {
  const { platform } = yield* Machine
  for (const place of LIBRARIES) {
    const path = join(folder, place)
    const head = yield* fileWork(path, async () => {
      const file = await open(path)
      try {
        return (await file.read(Buffer.alloc(20), 0, 20, 0)).buffer
      } finally {
        await file.close()
      }
    })
    if (!isLibraryFor(head, platform.arch)) {
      return yield* new SetupInputError({
        subject: from,
        problem: `its ${basename(place)} is not a library for ${platformKey(platform)}`,
        remedy: `Give a TensorFlow for Linux on ${platform.arch}`
      })
    }
  }
})

/** Writes all pieces; returns the SHA-256 of each by its place. */
const putAll = Effect.fnUntraced(function* (folder: string, pieces: ReadonlyArray<Piece>) {
  const { progress } = yield* Machine
  const total = pieces.reduce((sum, { bytes }) => sum + bytes, 0)
  const hashes: Record<string, string> = {}
  let done = 0
  for (const piece of pieces) {
    const target = join(folder, piece.place)
    yield* fileWork(target, () => mkdir(dirname(target), { recursive: true }))
    hashes[piece.place] = yield* piece.put(target, (count) => {
      done += count
      if (done < total) progress("Unpacking", done, total)
    })
  }
  progress("Unpacking", total, total)
  return hashes
})

const unpack = Effect.fnUntraced(function* (target: string, source: Source, cuda: ReadonlyArray<Piece>, gpu: boolean) {
  const { platform } = yield* Machine
  const pieces = [...source.pieces, ...cuda].filter(({ place }) => gpu || !place.startsWith("nvidia/"))
  yield* needSpace(
    target,
    pieces.reduce((sum, { bytes }) => sum + bytes, 50e6)
  )
  const libraries = pieces.filter(({ place }) => !place.startsWith("include/"))
  const builtWith = (hashes: Readonly<Record<string, string>>): Built => ({
    version: source.version,
    gpu,
    platform: platformKey(platform),
    from: source.from,
    libraries: Object.fromEntries(libraries.map(({ place, bytes }) => [place, bytes])),
    sha256: Object.fromEntries(libraries.map(({ place }) => [place, hashes[place]])),
    folder: target
  })
  return yield* beside(target, (folder) =>
    Effect.gen(function* () {
      const built = builtWith(yield* putAll(folder, pieces))
      yield* checkProcessor(folder, source.from)
      yield* fileWork(folder, async () =>
        writeFileAtomic(join(folder, RECORD_FILE), `${JSON.stringify(built, null, 2)}\n`)
      )
      return built
    })
  )
})

const folderOf = (cache: string, version: string, platform: string, gpu: boolean): string =>
  join(cache, `${version}-${platform}${gpu ? "-gpu" : ""}`)

/** Libraries that are complete and have the recorded content; `undefined` if they must be made again. */
const soundLibraries = (folder: string) =>
  fileWork(folder, async () => {
    const built = wholeLibraries(folder)
    return built !== undefined && isIntact(built) ? built : undefined
  })

/** Returns the libraries that are wanted: those in the cache, or new ones. */
export const ensureLibraries = Effect.fnUntraced(function* (wanted: Wanted) {
  const { cache, platform, say } = yield* Machine
  const at = (version: string) => folderOf(cache, version, platformKey(platform), wanted.gpu)
  const given = wanted.wheel !== undefined || wanted.from !== undefined
  // The version of a given wheel decides the folder, so it is opened first.
  const opened = given ? yield* openSource(wanted) : undefined
  const target = at(opened?.version ?? wanted.version)
  const there = yield* soundLibraries(target)
  if (there !== undefined) {
    say(`Libraries found: ${target}`)
    return there
  }
  const source = opened ?? (yield* openSource(wanted))
  const cuda = yield* cudaPieces(source, wanted.gpu)
  const built = yield* unpack(target, source, cuda, wanted.gpu)
  const downloads = join(cache, "downloads")
  yield* fileWork(downloads, async () => {
    for (const key of [
      `${distributionOf(built.version, platform.arch, wanted.gpu)}-${built.version}`,
      `cuda-${built.version}`
    ]) {
      await rm(join(downloads, `${key}-${platformKey(platform)}`), { recursive: true, force: true })
    }
  })
  say(`Libraries written: ${target}`)
  return built
})
