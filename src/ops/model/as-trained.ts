import { Effect, Stream } from "effect"
import { attempt } from "../../pipeline/attempt.ts"
import { operator } from "../../pipeline/operator.ts"
import { param } from "../../pipeline/param.ts"
import { few } from "../../pipeline/words.ts"
import { momentsOf } from "../data/patches/normalise.ts"
import { shapedByArea } from "../data/patches/pixels/area.ts"
import { cropped } from "../data/patches/pixels/cropped.ts"
import type { Normalisation, Sizing } from "../elements.ts"
import { Patch } from "../elements.ts"
import { DataError } from "../formats/data-error.ts"
import { Run } from "../run.ts"
import { bandOf } from "./load/arrange.ts"
import { WeightsError } from "./model-error.ts"
import { WeightsFile } from "./params.ts"
import { describeWeights, type NetworkFacts, weightsPath } from "./weights/network-file.ts"

/** The bands of a patch that a network takes, in its order; a colour is the same as its Sentinel-2 band. */
const selected = (patch: Patch, wanted: ReadonlyArray<string>): Patch => {
  if (wanted.join("\0") === patch.bands.join("\0")) return patch
  const present = patch.bands.map(bandOf)
  const places = wanted.map((band) => present.indexOf(bandOf(band)))
  const lacking = wanted.filter((_, i) => places[i] < 0)
  if (lacking.length > 0) {
    throw new DataError({
      subject: patch.name,
      problem: `has the bands ${few(patch.bands, 12)}, but the network needs ${few(lacking, 12)} too`,
      remedy:
        "Read all bands of the image (`bands: all`), or choose images of the sensor that the network was trained on"
    })
  }
  const pick = <A extends Float32Array | Uint8Array>(values: A): A => {
    const made = values.slice(0, (values.length / present.length) * places.length) as A
    for (let pixel = 0, at = 0; at < made.length; pixel += present.length) {
      for (const place of places) made[at++] = values[pixel + place]
    }
    return made
  }
  const { image, nodata } = patch
  return { ...patch, bands: wanted, image: pick(image), nodata: nodata === undefined ? undefined : pick(nodata) }
}

const resized = (patch: Patch, step: Sizing): Patch =>
  "resize" in step
    ? { ...patch, ...shapedByArea(patch, step.resize, step.resize) }
    : cropped(patch, step.crop, "centre", 0)

/** (value - mean) / std for each band, computed as `normalise` does. */
const normalised = (patch: Patch, mean: ReadonlyArray<number>, std: ReadonlyArray<number>): Patch => {
  const bands = mean.length
  return { ...patch, image: patch.image.map((value, i) => (value - mean[i % bands]) / std[i % bands]) }
}

/** Older files give the name of known constants alone. */
const ORIGINAL = "imagenet, as the original does"

/** Constants of each band; `undefined` if values are not normalised. @throws WeightsError if they are unknown */
const constants = (path: string, { by, mean, std }: Normalisation, bands: ReadonlyArray<string>) => {
  if (mean !== undefined && std !== undefined) return { mean, std }
  if (by === "none") return undefined
  const known = ["bigearthnet", "bigearthnet-v2", "imagenet", ORIGINAL].includes(by)
  const moments = known ? momentsOf(by === ORIGINAL ? "imagenet" : by, ".", by === ORIGINAL ? "original" : "none") : {}
  const found = bands.flatMap((band) => (Object.hasOwn(moments, band) ? [moments[band]] : []))
  if (found.length === bands.length) return { mean: found.map(({ mean }) => mean), std: found.map(({ std }) => std) }
  throw new WeightsError({
    subject: path,
    problem: `names the normalisation ${by} without its constants`,
    remedy: "Use `crop`, `resize` and `normalise` in place of `as-trained`, or publish the weights again"
  })
}

/** Brings patches into a network's form. @throws WeightsError if the file does not state it */
const preparing = (path: string, { bands, normalisation, sizing = [] }: NetworkFacts): ((patch: Patch) => Patch) => {
  if (bands === undefined || normalisation === undefined) {
    throw new WeightsError({
      subject: path,
      problem: `does not state ${bands === undefined ? "its bands" : "how images are normalised"}`,
      remedy: "Use `crop`, `resize` and `normalise` in place of `as-trained`, or weights that `publish` wrote"
    })
  }
  const known = constants(path, normalisation, bands)
  return (patch) => {
    const made = sizing.reduce(resized, selected(patch, bands))
    return known === undefined ? made : normalised(made, known.mean, known.std)
  }
}

/**
 * Brings patches into the form of the images that a network was trained on: its bands in their order, its size, its
 * normalisation. All of it is stated in the file of weights.
 */
export const asTrained = operator({
  name: "as-trained",
  about: "Preprocesses patches as recorded in a weights file: selects bands, resizes, crops and normalises.",
  from: Patch,
  to: Patch,
  params: { weights: param(WeightsFile, "A weights file written by `publish`, or a checkpoint.") },
  declares: {
    reads: ({ weights }) => [weightsPath(weights)],
    gives: ({ weights }) => {
      try {
        const { bands, sizing } = describeWeights(weights)
        const last = sizing?.at(-1)
        return {
          channels: bands?.length,
          ...(last === undefined ? {} : { size: "crop" in last ? last.crop : last.resize })
        }
      } catch {
        // The file may be written by an earlier pipeline of the same run.
        return {}
      }
    }
  },
  run:
    ({ weights }) =>
    (patches) =>
      Stream.unwrap(
        Effect.gen(function* () {
          yield* Run
          const prepare = yield* attempt(WeightsError)(() => preparing(weightsPath(weights), describeWeights(weights)))
          return Stream.mapEffect(patches, (patch) => attempt(DataError)(() => prepare(patch)))
        })
      )
})
