import { createHash } from "node:crypto"
import { resolve } from "node:path"
import { Effect, Stream } from "effect"
import { attempt } from "../../../pipeline/attempt.ts"
import { type AnyElement, element } from "../../../pipeline/element.ts"
import { operator } from "../../../pipeline/operator.ts"
import { Name, param } from "../../../pipeline/param.ts"
import { Patch } from "../../elements.ts"
import { DataError } from "../../formats/data-error.ts"
import { writeFileAtomic } from "../../formats/files.ts"
import { Run } from "../../run.ts"
import { version } from "../../version.ts"
import { fileFault } from "../file-access.ts"
import { type MomentsFile, momentsText } from "./moments/moments-file.ts"
import { channelMoments, deviation, merged, NOTHING, type Running } from "./moments/running-moments.ts"

/** Normalisation constants of the patches that went by. */
export interface Statistics extends AnyElement {
  readonly kind: "statistics"
  readonly path: string
  readonly patches: number
  readonly bands: MomentsFile["bands"]
}
export const Statistics = element<Statistics>("statistics", "statistics", "mean and standard deviation of each band")

/** What is known after some patches. */
interface Tally {
  readonly bands: Map<string, Running>
  readonly names: ReturnType<typeof createHash>
  patches: number
  size: MomentsFile["source"]["size"]
}

/** @throws DataError where a value is not finite */
const count = (tally: Tally, { bands, height, image, name, width }: Patch): void => {
  bands.forEach((band, channel) => {
    const moments = channelMoments(image, bands.length, channel)
    if (!Number.isFinite(moments.mean)) {
      throw new DataError({
        subject: name,
        problem: `has values in band ${band} that are not finite`,
        remedy: "Leave the patch out of its split, or the band out of `bands`"
      })
    }
    tally.bands.set(band, merged(tally.bands.get(band) ?? NOTHING, moments))
  })
  tally.names.update(`${name}\n`)
  tally.patches++
  tally.size = [height, width]
}

const bandsOf = ({ bands }: Tally): MomentsFile["bands"] =>
  Object.fromEntries(
    [...bands].map(([band, running]) => {
      const { count: values, max, mean, min } = running
      return [band, { mean, std: deviation(running), min, max, values }]
    })
  )

/**
 * Computes mean and standard deviation of every band over all patches that it is given, in one pass: those of the training
 * split, as `read` gives them, for `normalise: { by: FILE }`. Coarse bands count as they were resampled.
 */
export const statistics = operator({
  name: "statistics",
  about: "Computes each band's mean and standard deviation over all patches, for `normalise`; writes them to a file.",
  from: Patch,
  to: Statistics,
  params: { to: param(Name, "The file, under `root_dir`.", "normalisation.json") },
  run:
    ({ to }) =>
    (patches) =>
      Stream.unwrap(
        Effect.gen(function* () {
          const run = yield* Run
          const path = resolve(run.root, to)
          const tally: Tally = { bands: new Map(), names: createHash("sha256"), patches: 0, size: undefined }
          const all = Stream.runForEach(patches, (patch) => attempt(DataError)(() => count(tally, patch)))
          const summary = Effect.gen(function* () {
            if (tally.patches === 0) {
              return yield* new DataError({
                subject: "statistics",
                problem: "was given no patches",
                remedy: "Let `read` give it a split that has some"
              })
            }
            const bands = bandsOf(tally)
            const names = tally.names.digest("hex")
            const { patches: seen, size } = tally
            const source = { experiment: run.experiment, patches: seen, size, names, orbitrank: version }
            yield* fileFault(path, () => writeFileAtomic(path, momentsText({ bands, source })))
            yield* run.wrote(path)
            return { kind: "statistics", path, patches: seen, bands } satisfies Statistics
          })
          return Stream.fromEffect(Effect.andThen(all, summary))
        })
      )
})
