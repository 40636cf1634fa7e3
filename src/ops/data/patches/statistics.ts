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

/** Normalisation constants, and the number of patches they were computed from. */
export interface Statistics extends AnyElement {
  readonly kind: "statistics"
  readonly path: string
  readonly patches: number
  readonly bands: MomentsFile["bands"]
}
export const Statistics = element<Statistics>("statistics", "statistics", "mean and standard deviation of each band")

/** The sizes of the patches seen so far. */
class Sizes {
  private least: readonly [height: number, width: number] | undefined
  private most: readonly [height: number, width: number] | undefined

  see(height: number, width: number): void {
    const { least = [height, width], most = [height, width] } = this
    this.least = [Math.min(least[0], height), Math.min(least[1], width)]
    this.most = [Math.max(most[0], height), Math.max(most[1], width)]
  }

  /** One size, or the range of several. */
  get found(): Pick<MomentsFile["source"], "size" | "sizes"> {
    const { least, most } = this
    if (least === undefined || most === undefined) return {}
    return least.join() === most.join() ? { size: least } : { sizes: { least, most } }
  }
}

/** The sums over the patches seen so far. */
interface Tally {
  readonly bands: Map<string, Running>
  readonly names: ReturnType<typeof createHash>
  /** For each band, how many values were left out for want of data. */
  readonly without: Map<string, number>
  readonly size: Sizes
  patches: number
}

/** @throws DataError if a value is not finite */
const count = (tally: Tally, { bands, height, image, name, nodata, width }: Patch): void => {
  bands.forEach((band, channel) => {
    const moments = channelMoments(image, bands.length, channel, nodata)
    if (!Number.isFinite(moments.mean)) {
      throw new DataError({
        subject: name,
        problem: `has values in band ${band} that are not finite`,
        remedy: "Leave the patch out of its split, or the band out of `bands`"
      })
    }
    tally.bands.set(band, merged(tally.bands.get(band) ?? NOTHING, moments))
    tally.without.set(band, (tally.without.get(band) ?? 0) + height * width - moments.count)
  })
  tally.names.update(`${name}\n`)
  tally.patches++
  tally.size.see(height, width)
}

/** @throws DataError if a band has no value that counts */
const bandsOf = ({ bands, without }: Tally): MomentsFile["bands"] =>
  Object.fromEntries(
    [...bands].map(([band, running]) => {
      const { count: values, max, mean, min } = running
      if (values === 0) {
        throw new DataError({
          subject: "statistics",
          problem: `found no pixel with data in band ${band}`,
          remedy: "Leave the band out of `bands` of `read`, or check which value marks pixels without data"
        })
      }
      const nodata = without.get(band) ?? 0
      return [band, { mean, std: deviation(running), min, max, values, ...(nodata > 0 ? { nodata } : {}) }]
    })
  )

/**
 * Computes mean and standard deviation of every band over all patches in one pass, for `normalise: { by: FILE }`; give it
 * the training split, as `read` emits it. Coarse bands count after resampling; pixels without data do not count.
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
          const tally: Tally = {
            bands: new Map(),
            without: new Map(),
            names: createHash("sha256"),
            size: new Sizes(),
            patches: 0
          }
          const all = Stream.runForEach(patches, (patch) => attempt(DataError)(() => count(tally, patch)))
          const summary = Effect.gen(function* () {
            if (tally.patches === 0) {
              return yield* new DataError({
                subject: "statistics",
                problem: "no patches arrived",
                remedy: "Read a split that has patches"
              })
            }
            const bands = yield* attempt(DataError)(() => bandsOf(tally))
            const names = tally.names.digest("hex")
            const { patches: seen, size } = tally
            const source = { experiment: run.experiment, patches: seen, ...size.found, names, orbitrank: version }
            yield* fileFault(path, () => writeFileAtomic(path, momentsText({ bands, source })))
            yield* run.wrote(path)
            return { kind: "statistics", path, patches: seen, bands } satisfies Statistics
          })
          return Stream.fromEffect(Effect.andThen(all, summary))
        })
      )
})
