/**
 * Relevance: how much two images of a batch have in common, from 0 to 1, by their labels alone. A relation that gives only 0
 * and 1 divides the others of an anchor into positives and negatives; a graded one also orders the positives.
 */
import {
  type Choice,
  chosenFrom,
  count,
  type Definition,
  type Own,
  type OwnParams,
  oneOfDefinitions,
  probability
} from "../../../pipeline/definition.ts"
import { popcount } from "../../measure/popcount.ts"
import { jaccardDistance } from "../../measure/relevance.ts"

/** Labels as 0 and 1, or as weights between them. */
type Labels = Uint8Array | Float32Array

/** The sums of the minimum and of the maximum of two labels over all classes: for labels of 0 and 1, intersection and union. */
interface Sizes {
  readonly both: number
  readonly any: number
}

/** Two label sets. */
interface Pair extends Sizes {
  /** Scalar product of the two, and of each with itself. */
  readonly product: number
  readonly squareA: number
  readonly squareB: number
  /** Sizes in which rare classes of the batch count more. */
  readonly weighted: () => Sizes
}

/** Everything about a relation: its name in configurations, its parameters, and the relevance of a pair. */
interface RelationDefinition<Name extends string = string, P extends OwnParams = OwnParams>
  extends Definition<Name, P> {
  /** Set if labels may also be weights from 0 to 1. */
  readonly soft?: true
  /** Relevance of two label sets, from 0 to 1. */
  relevance(own: Own<P>, pair: Pair): number
}

const defineRelation = <const Name extends string, const P extends OwnParams>(
  definition: RelationDefinition<Name, P>
): RelationDefinition<Name, P> => definition

const jaccard = defineRelation({
  name: "jaccard",
  title: "1 if the Jaccard distance of the labels is at most `threshold`, else 0",
  source: "Jaccard 1901",
  params: { threshold: probability("Largest Jaccard distance of two images that are alike.", 0.5) },
  relevance: ({ threshold }, { any, both }) => (jaccardDistance(both, any) <= threshold ? 1 : 0)
})

const shared = defineRelation({
  name: "shared",
  title: "1 if two images have at least `n` labels in common, else 0",
  params: { n: count("Number of labels in common.", 1) },
  relevance: ({ n }, { both }) => (both >= n ? 1 : 0)
})

const anyLabel = defineRelation({
  name: "any",
  title: "1 if two images have a label in common, else 0",
  params: {},
  relevance: (_, { both }) => (both >= 1 ? 1 : 0)
})

const exact = defineRelation({
  name: "exact",
  title: "1 if two images have the same labels, else 0",
  params: {},
  relevance: (_, { any, both }) => (both === any ? 1 : 0)
})

const graded = defineRelation({
  name: "graded_jaccard",
  title: "Jaccard similarity of the labels, from 0 to 1",
  source: "Jaccard 1901",
  soft: true,
  params: {},
  relevance: (_, { any, both }) => 1 - jaccardDistance(both, any)
})

const cosine = defineRelation({
  name: "cosine",
  title: "Cosine of the two multi-hot label vectors",
  soft: true,
  params: {},
  relevance: (_, { product, squareA: a, squareB: b }) =>
    a * b === 0 ? Number(a === b) : Math.min(1, product / Math.sqrt(a * b))
})

const idf = defineRelation({
  name: "idf_jaccard",
  title:
    "Jaccard similarity in which a class counts by log((1 + B) / (1 + n)) + 1, for n of B images of the batch with it",
  source: "Sparck Jones 1972, smoothed",
  soft: true,
  params: {},
  relevance: (_, { weighted }) => {
    const { any, both } = weighted()
    return any === 0 ? 1 : both / any
  }
})

/** Every relation. A new one is a definition above and its name here. */
const relations = [jaccard, shared, anyLabel, exact, graded, cosine, idf] as const

/** A relation as the parameter `relation` chooses it. */
export type RelationChoice = Choice<(typeof relations)[number]>

/**
 * Declares the parameter `relation` of a loss.
 *
 * @param fallback its default
 */
export const relationParam = (fallback: RelationChoice) =>
  oneOfDefinitions(relations, "Rule that computes from their labels how similar two images are, from 0 to 1.", fallback)

/** Whether a relation accepts labels that are weights from 0 to 1. */
export const isSoft = (choice: RelationChoice): boolean =>
  chosenFrom<RelationDefinition>(relations, choice)?.definition.soft === true

/** Weight of each class: rare ones count more. */
const idfWeights = (sets: ReadonlyArray<Labels>): Float64Array => {
  const classes = sets[0]?.length ?? 0
  return Float64Array.from({ length: classes }, (_, c) => {
    const having = sets.reduce((sum, set) => sum + (set[c] !== 0 ? 1 : 0), 0)
    return Math.log((1 + sets.length) / (1 + having)) + 1
  })
}

/** @param weights factor of each class */
const weightedSizes = (a: Labels, b: Labels, weights: Float64Array): Sizes => {
  let [both, any] = [0, 0]
  for (let c = 0; c < a.length; c++) {
    both += weights[c] * Math.min(a[c], b[c])
    any += weights[c] * Math.max(a[c], b[c])
  }
  return { both, any }
}

/** Writes the numbers of the pair of sets i and j to one object, since a batch has thousands of pairs. */
type Count = (i: number, j: number, pair: { -readonly [K in Exclude<keyof Pair, "weighted">]: number }) => void

/** Counts common labels of sets of 0 and 1 by bits, which is ten times as fast as class by class. */
const countOfBits = (sets: ReadonlyArray<Labels>): Count => {
  const classes = sets[0]?.length ?? 0
  const words = Math.ceil(classes / 32)
  const bits = new Int32Array(words * sets.length)
  const sizes = Int32Array.from(sets, (set, row) => {
    let size = 0
    for (let c = 0; c < classes; c++) {
      if (set[c] === 0) continue
      bits[row * words + (c >>> 5)] |= 1 << (c & 31)
      size++
    }
    return size
  })
  return (i, j, pair) => {
    let both = 0
    for (let w = 0; w < words; w++) both += popcount(bits[i * words + w] & bits[j * words + w])
    pair.both = both
    pair.product = both
    pair.any = sizes[i] + sizes[j] - both
    pair.squareA = sizes[i]
    pair.squareB = sizes[j]
  }
}

/** Counts for labels that are weights from 0 to 1. */
const countOfWeights = (sets: ReadonlyArray<Labels>): Count => {
  const dot = (a: Labels, b: Labels): number => {
    let sum = 0
    for (let c = 0; c < a.length; c++) sum += a[c] * b[c]
    return sum
  }
  const squares = sets.map((set) => dot(set, set))
  const ones = new Float64Array(sets[0]?.length ?? 0).fill(1)
  return (i, j, pair) => {
    const { any, both } = weightedSizes(sets[i], sets[j], ones)
    pair.both = both
    pair.any = any
    pair.product = dot(sets[i], sets[j])
    pair.squareA = squares[i]
    pair.squareB = squares[j]
  }
}

/**
 * Relevance of the first rows for all rows, [anchors, rows]. The diagonal is 1: an image is like itself, even without labels.
 *
 * @param labels multi-hot, or weights from 0 to 1, [rows, classes]
 * @param anchors number of first rows
 * @example
 * relevanceOf(Uint8Array.of(1, 1, 1, 0), 2, "graded_jaccard") // => Float64Array.of(1, 0.5, 0.5, 1)
 * relevanceOf(Uint8Array.of(1, 1, 1, 0), 2, "exact") // => Float64Array.of(1, 0, 0, 1)
 */
export const relevanceOf = (labels: Labels, rows: number, choice: RelationChoice, anchors = rows): Float64Array => {
  const chosen = chosenFrom<RelationDefinition>(relations, choice)
  if (chosen === undefined) throw new TypeError(`there is no relation ${JSON.stringify(choice)}`)
  const classes = rows === 0 ? 0 : labels.length / rows
  const sets = Array.from({ length: rows }, (_, row) => labels.subarray(row * classes, (row + 1) * classes))
  const weights = idfWeights(sets)
  const count = labels instanceof Uint8Array ? countOfBits(sets) : countOfWeights(sets)
  const relevance = new Float64Array(anchors * rows)
  let [i, j] = [0, 0]
  const weighted = () => weightedSizes(sets[i], sets[j], weights)
  const pair = { both: 0, any: 0, product: 0, squareA: 0, squareB: 0, weighted }
  const { definition, own } = chosen
  for (i = 0; i < anchors; i++) {
    relevance[i * rows + i] = 1
    for (j = i + 1; j < rows; j++) {
      count(i, j, pair)
      const value = definition.relevance(own, pair)
      relevance[i * rows + j] = value
      if (j < anchors) relevance[j * rows + i] = value
    }
  }
  return relevance
}

/** Which images of a batch are alike: `alike` is uint8 [anchors, rows]. Every image is like itself. */
export interface Relation {
  readonly rows: number
  readonly anchors: number
  readonly alike: Uint8Array
}

/** The images with any relevance for each other. */
export const related = (labels: Uint8Array, rows: number, choice: RelationChoice, anchors = rows): Relation => {
  const relevance = relevanceOf(labels, rows, choice, anchors)
  const alike = new Uint8Array(anchors * rows)
  for (let at = 0; at < alike.length; at++) if (relevance[at] > 0) alike[at] = 1
  return { rows, anchors, alike }
}

/**
 * The relation of images whose labels have a Jaccard distance of at most `threshold`, compared as doubles. Two empty sets have
 * distance 0.
 *
 * @param labels multi-hot [rows, classes]
 * @example
 * withinJaccard(Uint8Array.of(1, 1, 1, 0), 2, 0.5).alike // => Uint8Array.of(1, 1, 1, 1)
 */
export const withinJaccard = (labels: Uint8Array, rows: number, threshold: number): Relation =>
  related(labels, rows, { name: "jaccard", threshold })
