import { join } from "node:path"
import { Effect, Schema, Stream } from "effect"
import { source } from "../../pipeline/operator.ts"
import { choice, Flag, listOf, Name, PositiveInt, param } from "../../pipeline/param.ts"
import { random } from "../../pipeline/random.ts"
import { Patch } from "../elements.ts"
import { FirstEpoch, Run } from "../run.ts"
import { assemble } from "./assemble.ts"
import { type BandSelection, bandNames, SELECTION_NAMES } from "./bands.ts"
import { type Draw, draws } from "./epochs.ts"
import { attempt } from "./errors.ts"
import { classesOf, NOMENCLATURES, type Nomenclature } from "./labels.ts"
import { readSplitFile } from "./split-files.ts"
import { openReader, type StoreReader } from "./store/lmdb.ts"
import { decodeLabels, decodeValue } from "./store/value.ts"

const Bands = Schema.Union([Schema.Literals(SELECTION_NAMES), listOf(Name)])

const isLabelled = (labels: Uint8Array): boolean => labels.includes(1)

/**
 * Labels in place of a patch's own: those of all labelled patches, permuted among them by (seed, "labels"). A network
 * that learns from them learns nothing true: the control of every experiment.
 */
const shuffledLabels = (
  store: StoreReader,
  names: ReadonlyArray<string>,
  nomenclature: Nomenclature,
  seed: number
): ReadonlyArray<Uint8Array> => {
  const own = names.map((name) => decodeLabels(store.read(name), name, nomenclature))
  const labelled = [...own.keys()].filter((i) => isLabelled(own[i]))
  const order = random(seed, 0, 0, "labels").permutation(labelled.length)
  labelled
    .map((i) => own[i])
    .forEach((labels, k) => {
      own[labelled[order[k]]] = labels
    })
  return own
}

/** Makes the patch of a draw; none where it has no label. */
const patchOf = (
  bytes: Uint8Array,
  name: string,
  { epoch, index }: Draw,
  wanted: ReadonlyArray<string>,
  nomenclature: Nomenclature,
  given: Uint8Array | undefined
): Patch | undefined => {
  const { bands, labels: own } = decodeValue(bytes, name, nomenclature)
  const labels = given ?? own
  if (!isLabelled(labels)) return undefined
  const classes = classesOf(nomenclature)
  return { kind: "patch", name, index, epoch, ...assemble(bands, wanted, name), bands: wanted, labels, classes }
}

/**
 * Reads the patches of a split from a store, epoch after epoch. The order of an epoch depends on the run's seed and the
 * epoch alone; a resumed run starts at its first unfinished epoch. Patches without a label are left out and counted.
 */
export const read = source({
  name: "read",
  about: "Reads the patches of a split from a store, coarser bands resampled to the finest.",
  to: Patch,
  params: {
    from: param(Name, "Folder of the store, under `root_dir`.", "patches.lmdb"),
    split: param(choice("train", "val", "test"), "Which list of patches: its CSV file stands under `root_dir`."),
    bands: param<BandSelection>(
      Bands,
      "Channels, in order: the name of a selection, or a list of bands.",
      "s2-10m+20m"
    ),
    epochs: param(PositiveInt, "How often the split is read.", 1),
    shuffle: param(Flag, "Another order in every epoch.", false),
    nomenclature: param(choice(...NOMENCLATURES), "How many classes the labels are told by.", "19"),
    shuffle_labels: param(Flag, "Control experiment: permutes the labels among the images.", false),
    concurrency: param(PositiveInt, "Patches fetched ahead.", 4)
  },
  run: ({ from, split, bands, epochs, shuffle, nomenclature, shuffle_labels, concurrency }, self) =>
    Stream.unwrap(
      Effect.gen(function* () {
        const run = yield* Run
        const first = yield* FirstEpoch
        const names = yield* attempt(() => readSplitFile(join(run.root, `${split}.csv`), split))
        const store = yield* openReader(join(run.root, from))
        const wanted = bandNames(bands)
        const labels = shuffle_labels
          ? yield* attempt(() => shuffledLabels(store, names, nomenclature, run.seed))
          : undefined
        self.expect(names.length * Math.max(0, epochs - first))
        let dropped = 0
        const say = Effect.suspend(() =>
          dropped === 0
            ? Effect.void
            : run.say(`read: left out ${dropped} patches of ${split} without a label under ${nomenclature} classes`)
        )
        return draws(names.length, first, epochs, shuffle, run.seed).pipe(
          Stream.mapEffect(
            (draw) =>
              Effect.flatMap(store.load(names[draw.index]), (bytes) =>
                attempt(() => {
                  const patch = patchOf(bytes, names[draw.index], draw, wanted, nomenclature, labels?.[draw.index])
                  if (patch === undefined && draw.epoch === first) dropped++
                  return patch
                })
              ),
            { concurrency }
          ),
          Stream.filter((patch) => patch !== undefined),
          Stream.concat(Stream.drain(Stream.fromEffect(say)))
        )
      })
    )
})
