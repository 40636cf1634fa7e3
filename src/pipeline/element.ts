/**
 * Elements: the kinds of plain data that flow between operators.
 *
 * An element is an interface with a literal `kind`, and a token of the same name that represents it at run time. The
 * literal makes the type nominal for the compiler; the token lets a YAML file be checked before anything runs. Elements
 * hold typed arrays, numbers and strings only, so that they survive `structuredClone` and worker threads.
 */

/** Any element. */
export interface AnyElement {
  readonly kind: string
}

/** The token of an element at run time; `A` is the interface of the element. */
export interface Element<A extends AnyElement> {
  readonly kind: A["kind"]
  /** Plural, for messages: "`rank` takes embeddings, but `batch` gives batches". */
  readonly plural: string
  /** One line for the catalogue: what it holds, with shapes. */
  readonly about: string
  readonly "~A"?: A
}

/**
 * Declares an element.
 *
 * @example
 * interface Batch { readonly kind: "batch"; readonly images: Float32Array }
 * const Batch = element<Batch>("batch", "batches", "patches stacked to [n, h, w, c]")
 * Batch.plural // => "batches"
 */
export const element = <A extends AnyElement>(kind: A["kind"], plural: string, about: string): Element<A> =>
  Object.freeze({ kind, plural, about })
