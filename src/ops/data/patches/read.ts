import { resolve } from "node:path"
import { Effect, Schema, Stream } from "effect"
import { attempt } from "../../../pipeline/attempt.ts"
import { source } from "../../../pipeline/operator.ts"
import { choice, type Decoded, Flag, listOf, Name, optional, PositiveInt, param } from "../../../pipeline/param.ts"
import { random } from "../../../pipeline/random.ts"
import { type Beside, type Range, whole } from "../../../pipeline/splits.ts"
import type { Self } from "../../../pipeline/step.ts"
import { counted } from "../../../pipeline/words.ts"
import { Patch } from "../../elements.ts"
import { DataError } from "../../formats/data-error.ts"
import { dataFile } from "../../formats/lmdb/guard.ts"
import { FirstEpoch, Run } from "../../run.ts"
import { ArchiveSchema, KindSchema } from "../archives/archive.ts"
import { NOMENCLATURE_NAMES, nomenclatureOf, OWN } from "../archives/nomenclatures.ts"
import { AUTO } from "../archives/open-archive.ts"
import { readSplitFile } from "../splits/name-lists.ts"
import { staged } from "../stores/staging.ts"
import { onlyStoreFaults } from "../stores/store-reader.ts"
import { reportSkipped } from "./bad-patches.ts"
import { type BandSelection, channelsOf, SELECTION_NAMES } from "./bands.ts"
import { fillParameter, maxValuesParameter, nodataParameter } from "./image-parameters.ts"
import { handedOver } from "./own-images.ts"
import { draws, epochOrder, remembered } from "./reading/epochs.ts"
import { keptSquare } from "./reading/kept-square.ts"
import { isLabelled } from "./reading/make-patch.ts"
import { reading } from "./reading/make-patches.ts"
import type { Made } from "./reading/make-patches-work.ts"
import { fromArchive, fromStore, labelsIn, type PatchSource } from "./reading/patch-source.ts"
import { sampledOrder, samplerParam } from "./reading/samplers.ts"

const Bands = Schema.Union([Schema.Literals(SELECTION_NAMES), listOf(Name)])

/** The labels of every patch of a list. */
const labelsOf = (store: PatchSource, names: ReadonlyArray<string>) =>
  Effect.forEach(names, (name) => Effect.map(store.labels(name), ({ labels }) => labels))

/**
 * Permutes the labels among all labelled patches, by a draw keyed by (seed, "labels"). A network that learns from them
 * learns nothing true: a control for every experiment.
 */
const shuffledLabels = (store: PatchSource, names: ReadonlyArray<string>, seed: number) =>
  Effect.map(labelsOf(store, names), (own): ReadonlyArray<Uint8Array> => {
    const labelled = [...own.keys()].filter((i) => isLabelled(own[i]))
    const order = random(seed, 0, 0, "labels").permutation(labelled.length)
    const mixed = [...own]
    labelled.forEach((i, k) => {
      mixed[labelled[order[k]]] = own[i]
    })
    return mixed
  })

/** Leaves out and reports the patches of a split that the source at `path` lacks. */
const presentOf = Effect.fnUntraced(function* (
  source: PatchSource,
  path: string,
  split: string,
  names: ReadonlyArray<string>
) {
  const there = yield* onlyStoreFaults(() => new Set(names.filter(source.has)))
  if (there.size === 0) {
    return yield* new DataError({
      subject: path,
      problem: `holds none of the ${counted(names.length, "patch", "patches")} of ${split}`,
      remedy: "Name the store or archive that the lists belong to, or make the splits again"
    })
  }
  const lacking = names.filter((name) => !there.has(name))
  const why = "is in the list, but not among the patches"
  yield* reportSkipped(
    `read ${split}`,
    lacking.map((name) => ({ name, why: `${name} ${why}` }))
  )
  return [...there]
})

const declared = {
  from: param(Name, "Folder of the store, or of the archive; under `root_dir` unless it is absolute.", "patches.lmdb"),
  store: param(choice("lmdb", "none"), "`none` reads the files of an archive, which gives the same patches.", "lmdb"),
  labels: optional(
    Name,
    "Folder of the archive that supplies the labels, if the store has none (as rico-hdl's); its images may be missing."
  ),
  kind: param(KindSchema, "The kind of the archive, if one is read.", AUTO),
  archive: optional(ArchiveSchema, "Further parameters of the operator `archive`."),
  split: param(choice("train", "val", "test"), "Which list of patches: `train.csv`, `val.csv` or `test.csv`."),
  lists: param(Name, "Folder of the lists; under `root_dir` unless it is absolute.", "."),
  bands: param<BandSelection>(Bands, "Channels, in order: the name of a selection, or a list of bands.", "s2-10m+20m"),
  unit: param(Flag, "8-bit images from 0 (black) to 1 (white); false keeps them from 0 to 255.", true),
  nodata: nodataParameter,
  fill: fillParameter,
  max_values: maxValuesParameter,
  epochs: param(PositiveInt, "How many times the split is read.", 1),
  shuffle: param(Flag, "Whether every epoch has another order.", false),
  sampler: samplerParam,
  nomenclature: param(
    choice(...NOMENCLATURE_NAMES),
    "The classes of the labels: those of a data set, or its `own`, which for BigEarthNet are 19.",
    OWN
  ),
  missing: param(
    choice("fail", "skip"),
    "What to do if a patch of the list is missing, for example because it was bad and left out.",
    "fail"
  ),
  shuffle_labels: param(Flag, "Control experiment: permutes the labels among the images.", false),
  concurrency: param(PositiveInt, "Patches fetched ahead; with worker threads, 32 per thread.", 4)
}
type Given = Decoded<typeof declared>

/** Patches per range: minutes of extraction, so that opening store, weights and engine does not count. */
const RANGE = 4096

/** Counts of patches without a label, by the number of classes, and of patches with filled pixels. */
const DROPPED = "without a label of "
const FILLED = "filled"

/** Says how many patches were left out, and how many were filled, of all ranges together. */
const sayCounts = Effect.fnUntraced(function* (
  { fill, split }: Pick<Given, "fill" | "split">,
  sums: ReadonlyMap<string, number>
) {
  const run = yield* Run
  for (const [what, count] of sums) {
    if (!what.startsWith(DROPPED)) continue
    yield* run.say(
      `read: left out ${counted(count, "patch", "patches")} of ${split} without a label under ${what.slice(DROPPED.length)} classes`
    )
  }
  const filled = sums.get(FILLED) ?? 0
  if (filled > 0) {
    const value = fill === "mean" ? "the mean of the band's other pixels" : String(fill)
    yield* run.say(
      `read: ${counted(filled, "patch", "patches")} of ${split} ${filled === 1 ? "has" : "have"} pixels without data, which were filled with ${value}`
    )
  }
})

/** Opens the source of the patches, and lists the split. */
const opened = (params: Given, self: Self) => () =>
  Effect.gen(function* () {
    const { bands, concurrency, epochs, fill, nodata, nomenclature, shuffle, split, unit } = params
    const run = yield* Run
    const first = yield* FirstEpoch
    const list = resolve(run.root, params.lists, `${split}.csv`)
    const from = resolve(run.root, params.from)
    yield* run.uses(list)
    if (params.store === "lmdb") yield* run.uses(dataFile(from))
    const listed = yield* attempt(DataError)(() => readSplitFile(list, split))
    if (params.store === "none" && params.labels !== undefined) {
      return yield* new DataError({
        subject: "read",
        problem: "uses `labels` only with a store; with `store: none` the archive supplies its own",
        remedy: "Omit one of them"
      })
    }
    const labelsFrom =
      params.labels === undefined
        ? Effect.undefined
        : labelsIn(resolve(run.root, params.labels), { kind: params.kind, ...params.archive }, nomenclature)
    const source = yield* params.store === "none"
      ? fromArchive(from, { kind: params.kind, ...params.archive }, nomenclature)
      : fromStore(yield* staged(from), nomenclature, yield* labelsFrom)
    const names = params.missing === "skip" ? yield* presentOf(source, from, split, listed) : listed
    const given = params.shuffle_labels ? yield* shuffledLabels(source, names, run.seed) : undefined
    const sampled = params.sampler === "none" ? undefined : (given ?? (yield* labelsOf(source, names)))
    const orderOf = remembered((epoch) =>
      sampled === undefined
        ? epochOrder(names.length, epoch, shuffle, run.seed)
        : sampledOrder(params.sampler, sampled, epoch, run.seed)
    )
    const count = names.length * Math.max(0, epochs - first)
    self.expect(count)
    const kept = keptSquare(self.after ?? [], run.seed)
    const look = { bands, nomenclature, unit, rule: { nodata, fill }, maxValues: params.max_values, kept }
    const make = yield* reading({ source, names, look, given, concurrency }, count)
    return {
      count,
      size: RANGE,
      make: (range: Range, { add }: Beside) => {
        const labelled = ({ classes, patch }: Made, draw: number): Patch | undefined => {
          // Counted in the first epoch only, which has every patch.
          if (range.from + draw < names.length) {
            if (patch === undefined) add(`${DROPPED}${classes}`, 1)
            else if (patch.nodata !== undefined) add(FILLED, 1)
          }
          return patch && handedOver(patch)
        }
        return make(draws(names.length, first, range, orderOf)).pipe(
          Stream.map(labelled),
          Stream.filter((patch) => patch !== undefined)
        )
      },
      end: (sums: ReadonlyMap<string, number>) => sayCounts(params, sums)
    }
  })

/**
 * Reads the patches of a split from a store, epoch after epoch; with `store: none`, from an archive's files, which gives the
 * same patches. The order of an epoch depends on the run's seed and the epoch alone; a resumed run starts at its first
 * unfinished epoch. Patches without a label are left out and counted.
 */
export const read = source({
  name: "read",
  about: "Reads the patches of a split from a store, coarser bands resampled to the finest.",
  to: Patch,
  params: declared,
  declares: {
    gives: ({ bands, nomenclature }) => ({
      channels: channelsOf(bands),
      classes: nomenclature === OWN ? undefined : nomenclatureOf(nomenclature).classes.length
    })
  },
  ranges: opened,
  run: (params, self) => whole(opened)(params, self)(Stream.empty)
})
