/** Embeddings and what is ranked by them. */
import { type AnyElement, element } from "../../pipeline/element.ts"

/** What decides whether embeddings are comparable beside their length. */
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
  /** Labels that the network predicts, of the shape of `labels`, where it was asked to. */
  readonly predicted?: Uint8Array
  /** Class names of `predicted`, if they are others than `classes`: images without labels have none. */
  readonly predictedClasses?: ReadonlyArray<string>
  /** Fingerprint of the weights that made them, where it is known. */
  readonly weights?: string
  /** How they were made, where it is known. */
  readonly origin?: Origin
}
export const Embeddings = element<Embeddings>("embeddings", "embeddings", "vectors float32 [n, d], with labels [n, L]")

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
  /** True where the database is no more than what a search found: no order of it is one of the whole. */
  readonly partial?: boolean | undefined
  /** True where the labels of the queries are not known: theirs are then rows of zeros. */
  readonly unlabelled?: boolean | undefined
  /** True where the order was made with the labels of the database, which the measures ask about. */
  readonly usesDatabaseLabels?: boolean | undefined
  /** Sentences that belong beside every figure of this ranking, such as how it was re-ranked. */
  readonly notes?: ReadonlyArray<string> | undefined
}

/** The vectors that a ranking was made by, so that re-rankers can make another. No copies: views of what was ranked. */
export interface RankedVectors {
  /** How they were compared. */
  readonly by: string
  readonly dim: number
  /** Vectors of all images as given, in the order of `gallery.names`. */
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
