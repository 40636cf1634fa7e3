import { resolve } from "node:path"
import { Effect, Stream } from "effect"
import { source } from "../../../pipeline/operator.ts"
import { choice, Name, optional, PositiveInt, param, Seed } from "../../../pipeline/param.ts"
import { PatchRef } from "../../elements.ts"
import { Run } from "../../run.ts"
import { fileFault, promisedFile } from "../file-access.ts"
import { type Miniature, type MiniatureOptions, openMiniature } from "./archive.ts"
import { openArrays } from "./arrays.ts"
import { openBigEarthNetV2 } from "./bigearthnet-v2.ts"
import { madePlaces } from "./on-threads.ts"
import { PICTURE_ARCHIVES, type PictureArchiveName } from "./picture-archives.ts"
import { openPictures } from "./pictures.ts"

const KINDS = [
  "bigearthnet",
  "bigearthnet-v2",
  "arrays",
  ...(Object.keys(PICTURE_ARCHIVES) as ReadonlyArray<PictureArchiveName>)
] as const

interface Options extends MiniatureOptions {
  readonly kind: (typeof KINDS)[number]
  readonly size: number | undefined
}

const openKind = (folder: string, { kind, ...options }: Options): Miniature => {
  if (kind === "bigearthnet") return openMiniature(folder, options)
  if (kind === "bigearthnet-v2") return openBigEarthNetV2(folder, options)
  if (kind === "arrays") return openArrays(folder, options)
  return openPictures(PICTURE_ARCHIVES[kind], folder, options)
}

/** All places, each when it is its turn, or when a thread has made its files. */
const placesOf = ({ complete, count }: Miniature, folder: string, options: Options) =>
  complete || options.kind !== "bigearthnet"
    ? Stream.rechunk(Stream.range(0, count - 1), 1)
    : madePlaces(folder, { seed: options.seed, patches: options.patches })

const references = (opened: Miniature, folder: string, options: Options) => {
  const { finish, make } = opened
  return placesOf(opened, folder, options).pipe(
    Stream.mapEffect((i) => promisedFile(folder, async () => make(i))),
    Stream.concat(Stream.drain(Stream.fromEffect(fileFault(folder, finish))))
  )
}

/** Makes a small archive with real files, so that everything after it is tried without a download. */
export const miniature = source({
  name: "miniature",
  about: "Makes a miniature archive of drawn patches: learnable, not trivial, the same for the same seed.",
  to: PatchRef,
  params: {
    kind: param(choice(...KINDS), "Archive whose layout it has.", "bigearthnet"),
    patches: param(PositiveInt, "How many patches.", 1400),
    size: optional(PositiveInt, "Rows and columns of pictures; by default the archive's own. BigEarthNet's are fixed."),
    seed: optional(Seed, "Seed of everything in it; by default the run's."),
    to: param(Name, "Its folder; under `root_dir` unless it is absolute.", "miniature")
  },
  run: ({ kind, patches, seed, size, to }, self) =>
    Stream.unwrap(
      Effect.gen(function* () {
        const run = yield* Run
        const folder = resolve(run.root, to)
        const options = { kind, seed: seed ?? run.seed, patches, size }
        const opened = yield* fileFault(folder, () => openKind(folder, options))
        if (opened.complete) yield* run.say(`miniature: ${folder} is there already`)
        self.expect(patches)
        return references(opened, folder, options)
      })
    )
})
