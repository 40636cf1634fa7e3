/** Embeddings, and rankings by them. */
import { type AnyElement, element } from "../../pipeline/element.ts"
import type { QueryFigures } from "./figures.ts"

/** Origin of embeddings. Only embeddings of one origin can be compared. */
export interface Origin {
  /** Fingerprint of the weights. */
  readonly weights: string
  /** Bands of the images, in order. */
  readonly bands: ReadonlyArray<string>
  /** Size of the images, in pixels. */
  readonly height: number
  readonly width: number
  /** Constants that the images were normalised with, see `normalisationOf`. */
  readonly normalisation: string
  /** The compression that was applied to the embeddings, if there was one. */
  readonly compression?: string | undefined
}

/** Embeddings of a batch: vectors float32 [size, dim], whose rows `embed` L2-normalises; labels uint8 [size, classes]. */
export interface Embeddings extends AnyElement {
  readonly kind: "embeddings"
  readonly size: number
  readonly dim: number
  readonly names: ReadonlyArray<string>
  readonly vectors: Float32Array
  readonly labels: Uint8Array
  readonly classes: ReadonlyArray<string>
  /** Further facts about each image as text, such as its date or its place, if they are known. */
  readonly facts?: ReadonlyArray<Readonly<Record<string, string>>>
  /** Labels that the network predicts, of the shape of `labels`, if that was requested. */
  readonly predicted?: Uint8Array
  /** Probability of each label that the network predicts, float32 of the shape of `predicted`. */
  readonly probabilities?: Float32Array
  /** Class names of `predicted`, if they are others than `classes`: images without labels have none. */
  readonly predictedClasses?: ReadonlyArray<string>
  /** Fingerprint of the weights that made them, if it is known. */
  readonly weights?: string
  /** How they were made, if that is known. */
  readonly origin?: Origin
}
export const Embeddings = element<Embeddings>("embeddings", "embeddings", "vectors float32 [n, d], with labels [n, L]")

/** Summary of a fitted compression. */
export interface Compression extends AnyElement {
  readonly kind: "compression"
  readonly path: string
  /** Length of the embeddings before and after the compression. */
  readonly from: number
  readonly to: number
  /** Number of embeddings in the fit. */
  readonly count: number
  /** Fraction of their variance that is kept. */
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
  /** Facts about the images, in the order of `names`, if any are known; see `Embeddings`. */
  readonly facts?: Embeddings["facts"] | undefined
  /** Image indices of the queries, ascending. */
  readonly queries: Int32Array
  /** Image indices of the database, ascending. */
  readonly database: Int32Array
  /** Whether the database holds only the results of a search, so that its order is not an order of the whole. */
  readonly partial?: boolean | undefined
  /** Whether the labels of the queries are unknown; their rows are then zeros. */
  readonly unlabelled?: boolean | undefined
  /** Whether the order used the labels of the database, which the measures evaluate. */
  readonly usesDatabaseLabels?: boolean | undefined
  /** Sentences that must accompany every figure of this ranking, such as the re-ranking method. */
  readonly notes?: ReadonlyArray<string> | undefined
}

/** The vectors behind a ranking, for re-ranking. They are views, not copies. */
export interface RankedVectors {
  /** How they were compared. */
  readonly by: string
  readonly dim: number
  /** Vectors of all images as given, in the order of `gallery.names`. */
  readonly batches: ReadonlyArray<Embeddings>
  /** Vectors of the queries after re-ranking, in place of their own: float32 [to - from, dim]. */
  readonly queries?: Float32Array | undefined
  /** Vectors of the database after re-ranking, in place of its own: float32 [database, dim]. */
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
  /** For re-ranking; a ranking without vectors cannot be re-ranked. */
  readonly vectors?: RankedVectors | undefined
  /**
   * Figures of the queries, if the next step only measures. They need a part of the order alone; `order` and `scores` are then
   * empty.
   */
  readonly figures?: ReadonlyArray<QueryFigures> | undefined
}
export const Ranking = element<Ranking>(
  "ranking",
  "rankings",
  "the database in descending similarity, for a block of queries"
)
