/**
 * What flows: the elements of retrieval experiments. Plain data only: typed arrays, names, numbers.
 *
 * Images are row-major [height, width, channel] float32 once assembled; bands are row-major [height, width] in the dtype
 * they are archived in. Labels are multi-hot uint8 vectors in the order of `classes`.
 */
import { type AnyElement, element } from "../pipeline/element.ts"

/** Which part of an experiment a patch belongs to. */
export type Split = "train" | "val" | "test"

/** Pixel types that archives use; the names are those of numpy. */
export type Dtype = "uint8" | "uint16" | "int16" | "int32" | "uint32" | "float32" | "float64"

export type Pixels = Uint8Array | Uint16Array | Int16Array | Int32Array | Uint32Array | Float32Array | Float64Array

/** One band of a patch at its native size: row-major [height, width]. */
export interface Band {
  readonly name: string
  readonly dtype: Dtype
  readonly height: number
  readonly width: number
  readonly data: Pixels
}

/** Classes in the order of label vectors, under the name that files and parameters use. */
export interface Nomenclature {
  readonly name: string
  readonly classes: ReadonlyArray<string>
}

/** A patch as an archive lists it, before any pixel is read. */
export interface PatchRef extends AnyElement {
  readonly kind: "reference"
  /** The kind of archive it is of: what reads its files. */
  readonly archive: string
  readonly name: string
  readonly folder: string
  /** Its files in `folder`, by what they are; empty where its name says it all. */
  readonly files: Readonly<Record<string, string>>
  /** What else the archive says of it, such as its country. */
  readonly facts: Readonly<Record<string, string>>
  /** Names of classes, of `nomenclature`. */
  readonly labels: ReadonlyArray<string>
  readonly nomenclature: Nomenclature
  /** The archive's own division, where it has one; `split` decides. */
  readonly split: Split | undefined
}
export const PatchRef = element<PatchRef>(
  "reference",
  "references",
  "a patch of an archive: name, folder, class names, split"
)

/** A decoded patch: every band at its native size and dtype. */
export interface RawPatch extends AnyElement {
  readonly kind: "raw"
  readonly name: string
  /** Names of classes, of `nomenclature`. */
  readonly labels: ReadonlyArray<string>
  readonly nomenclature: Nomenclature
  readonly split: Split | undefined
  readonly bands: ReadonlyArray<Band>
}
export const RawPatch = element<RawPatch>("raw", "raw patches", "a decoded patch: every band at native size and dtype")

/** What the store operator says at its end. */
export interface Stored extends AnyElement {
  readonly kind: "stored"
  readonly path: string
  readonly patches: number
  /** How many of them stood in the store already and were left as they are. */
  readonly kept: number
  readonly skipped: ReadonlyArray<{ readonly name: string; readonly why: string }>
}
export const Stored = element<Stored>("stored", "store summaries", "how many patches a store holds")

/** One image, ready for augmentation: float32 [height, width, channels]. */
export interface Patch extends AnyElement {
  readonly kind: "patch"
  readonly name: string
  /** Position in its split's list; with the epoch, the key of every random draw about this patch. */
  readonly index: number
  readonly epoch: number
  readonly image: Float32Array
  readonly height: number
  readonly width: number
  /** Names of the channels, in order. */
  readonly bands: ReadonlyArray<string>
  /** Multi-hot, in the order of `classes`. */
  readonly labels: Uint8Array
  readonly classes: ReadonlyArray<string>
}
export const Patch = element<Patch>("patch", "patches", "one image, float32 [h, w, c], with multi-hot labels")

/** `size` patches stacked: images float32 [size, height, width, channels], labels uint8 [size, classes]. */
export interface Batch extends AnyElement {
  readonly kind: "batch"
  readonly epoch: number
  readonly size: number
  readonly names: ReadonlyArray<string>
  readonly indices: Int32Array
  readonly images: Float32Array
  readonly height: number
  readonly width: number
  readonly bands: ReadonlyArray<string>
  readonly labels: Uint8Array
  readonly classes: ReadonlyArray<string>
}
/** How many stand ready while a network computes. */
export const BATCHES_AHEAD = 2
export const Batch = element<Batch>("batch", "batches", "patches stacked to float32 [n, h, w, c] with labels [n, L]")

/** A named float32 or int32 array with its shape: how weights and optimiser moments travel and are saved. */
export interface NamedArray {
  readonly name: string
  readonly shape: ReadonlyArray<number>
  readonly data: Float32Array | Int32Array
}

/** What weights belong to: the network's parameters, and what its inputs and outputs stand for. */
export interface NetworkFacts {
  readonly model: Readonly<Record<string, string | number>>
  /** Names of the input channels, in order. */
  readonly bands: ReadonlyArray<string>
  readonly classes: ReadonlyArray<string>
}

/** Everything that training needs to go on after an epoch as if it had never stopped. */
export interface TrainState {
  /** Epochs done. */
  readonly epoch: number
  /** Optimiser steps done. */
  readonly step: number
  readonly learningRate: number
  /** What the schedule of the rate remembers. */
  readonly schedule: Readonly<Record<string, number | null>>
  /** Key of every random draw: draws are made anew from it, so that it is the whole state of randomness. */
  readonly seed: number
  /** Parameters of `optimise`, as resolved. */
  readonly configuration: Readonly<Record<string, unknown>>
  readonly network: NetworkFacts
  /** Weights and running statistics under their model names. */
  readonly weights: ReadonlyArray<NamedArray>
  /** Optimiser state: `m/NAME`, `v/NAME` of Adam, `velocity/NAME` of SGD. */
  readonly moments: ReadonlyArray<NamedArray>
}

/** One optimiser step. The last step of an epoch carries the state after it. */
export interface TrainStep extends AnyElement {
  readonly kind: "step"
  /** 0-based. */
  readonly epoch: number
  /** 0-based over the whole run. */
  readonly step: number
  readonly images: number
  readonly learningRate: number
  /** Weighted sum of both losses before the update. */
  readonly loss: number
  /** On logits and on embeddings, before their weights; 0 where there is none. */
  readonly idLoss: number
  readonly metricLoss: number
  /** The smallest value that the loss can take on this batch; NaN where it has no known floor. */
  readonly floor: number
  readonly state: TrainState | undefined
  /** Set by `validate`: figures on the validation pipeline, under the names of a report. */
  readonly validation: Readonly<Record<string, number>> | undefined
}
export const TrainStep = element<TrainStep>(
  "step",
  "training steps",
  "losses of one optimiser step; at an epoch's end, the state"
)

/** Embeddings of a batch: vectors float32 [size, dim], L2-normalised rows; labels uint8 [size, classes]. */
export interface Embeddings extends AnyElement {
  readonly kind: "embeddings"
  readonly size: number
  readonly dim: number
  readonly names: ReadonlyArray<string>
  readonly vectors: Float32Array
  readonly labels: Uint8Array
  readonly classes: ReadonlyArray<string>
  /** Labels that the network predicts, of the shape of `labels`, where it was asked to. */
  readonly predicted?: Uint8Array
  /** Fingerprint of the weights that made them, where it is known. */
  readonly weights?: string
}
export const Embeddings = element<Embeddings>(
  "embeddings",
  "embeddings",
  "vectors float32 [n, d], L2-normalised, with labels [n, L]"
)

/** What `fit-pca` says at its end. */
export interface Compression extends AnyElement {
  readonly kind: "compression"
  readonly path: string
  /** Length of the embeddings, and of what becomes of them. */
  readonly from: number
  readonly to: number
  /** Number of embeddings that it was fitted on. */
  readonly count: number
  /** Share of their variance that is kept. */
  readonly explained: number
}
export const Compression = element<Compression>(
  "compression",
  "fitted compressions",
  "a file that makes embeddings shorter"
)

/** Labels and names of all ranked images, shared by every block of one ranking. */
export interface Gallery {
  readonly names: ReadonlyArray<string>
  readonly classes: ReadonlyArray<string>
  /** uint8 [names.length, classes.length]. */
  readonly labels: Uint8Array
  /** Image indices of the queries, ascending. */
  readonly queries: Int32Array
  /** Image indices of the database, ascending. */
  readonly database: Int32Array
  /** True where the labels of the queries are not known: theirs are then rows of zeros. */
  readonly unlabelled?: boolean | undefined
  /** Sentences that belong beside every figure of this ranking, such as how it was re-ranked. */
  readonly notes?: ReadonlyArray<string> | undefined
}

/** The vectors that a ranking was made by, so that re-rankers can make another. No copies: views of what was ranked. */
export interface RankedVectors {
  /** How they were compared; rows are L2-normalised for `cosine`. */
  readonly by: string
  readonly dim: number
  /** Vectors of all images, in the order of `gallery.names`. */
  readonly batches: ReadonlyArray<Embeddings>
  /** In place of the queries' own, where a re-ranker made others: float32 [to - from, dim]. */
  readonly queries?: Float32Array | undefined
  /** In place of the database's own: float32 [database, dim]. */
  readonly database?: Float32Array | undefined
}

/**
 * The full order of the database for a block of queries. `order` is int32 [queries, database.length]: positions in
 * `gallery.database`, best first. `scores` is float32 of the same shape, in that order.
 */
export interface Ranking extends AnyElement {
  readonly kind: "ranking"
  readonly gallery: Gallery
  /** Rows of this block: positions in `gallery.queries`, from (inclusive) to (exclusive). */
  readonly from: number
  readonly to: number
  readonly order: Int32Array
  readonly scores: Float32Array
  /** For re-rankers; a ranking that carries none cannot be re-ranked. */
  readonly vectors?: RankedVectors | undefined
}
export const Ranking = element<Ranking>(
  "ranking",
  "rankings",
  "the database in descending similarity, for a block of queries"
)

/** Figures of one evaluation under their plain names, with the rule that makes an image relevant. */
export interface Report extends AnyElement {
  readonly kind: "report"
  readonly queries: number
  /** Queries with a relevant image at the strictest level: those that count in mAP and precision. */
  readonly counted: number
  readonly database: number
  /** For example { mAP: { easy, medium, hard }, "precision@10": { easy, .. }, "ACG@20": 1.2 }; null where undefined. */
  readonly results: Results
  /** Sentences that belong beside the figures: relevance rule, cuts, exclusions. */
  readonly notes: ReadonlyArray<string>
}
export type Results = Readonly<Record<string, number | null | Readonly<Record<string, number | null>>>>
export const Report = element<Report>("report", "reports", "figures of one evaluation, with their relevance rule")

/** One figure of several runs, each compared with the first on the same queries. */
export interface ComparedFigure {
  /** As the table of figures by query names it: `mAP hard`, `ACG@20`. */
  readonly name: string
  /** Means by run, each over the queries that count in it; null where none does. */
  readonly means: ReadonlyArray<number | null>
  /** What each further run has more than the first; null where no query counts in both. */
  readonly differences: ReadonlyArray<{
    readonly mean: number
    readonly low: number
    readonly high: number
    readonly p: number
    readonly queries: number
  } | null>
}

/** Several runs on the same queries. */
export interface Comparison extends AnyElement {
  readonly kind: "comparison"
  readonly runs: ReadonlyArray<string>
  readonly queries: number
  readonly figures: ReadonlyArray<ComparedFigure>
  /** Resamples of the queries behind the intervals. */
  readonly resamples: number
}
export const Comparison = element<Comparison>(
  "comparison",
  "comparisons",
  "figures of several runs on the same queries, with paired intervals"
)

/** Something that a reader must refuse or report, once per archive. */
export interface Finding {
  /** What was found, as a clause: "label rows have no image". */
  readonly what: string
  readonly count: number
  /** The first few, in the archive's order. */
  readonly examples: ReadonlyArray<string>
  /** `fail`: the patches cannot be used. `warn`: they can, but look wrong. `note`: worth knowing. */
  readonly severity: "fail" | "warn" | "note"
  /** What to do about it, as a sentence without a full stop. */
  readonly remedy: string
}

type Tallied = Readonly<Record<string, number>>

/** What an archive holds and what is wrong with it. */
export interface Audit extends AnyElement {
  readonly kind: "audit"
  readonly path: string
  /** Kind of the archive. */
  readonly archive: string
  readonly nomenclature: string
  readonly patches: number
  readonly splits: Tallied
  readonly countries: Tallied
  readonly classCounts: ReadonlyArray<{
    readonly name: string
    readonly total: number
    readonly splits: Tallied
    readonly countries: Tallied
  }>
  /** Patches by their number of labels. */
  readonly labelsPerPatch: Tallied
  /** Distinct label sets, of `all` and by split. */
  readonly distinctSets: Tallied
  readonly findings: ReadonlyArray<Finding>
  /** How the counts differ from the published ones; `undefined` where none are known. */
  readonly published: { readonly source: string; readonly differences: ReadonlyArray<string> } | undefined
  /** Patches by split here and split in BigEarthNet v1, where its lists were given. */
  readonly leak: Readonly<Record<string, Tallied>> | undefined
  /** Whether every band was decoded. */
  readonly pixels: boolean
}
export const Audit = element<Audit>("audit", "audits", "counts and findings of an archive")
