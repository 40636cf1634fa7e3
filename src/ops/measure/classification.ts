/** Figures of predicted labels: average precision, F1, precision, recall and accuracy, with the usual ways to average. */

/** Probabilities and labels of the same images, row by row. */
export interface Predicted {
  /** float32 [images, classes]. */
  readonly probabilities: Float32Array
  /** uint8 [images, classes] of 0 and 1. */
  readonly labels: Uint8Array
  readonly classes: number
  /** Least probability of a label that counts as predicted. */
  readonly threshold: number
}

/** Ways to average: over classes, over all decisions at once, over images; `classes` holds the figure of each class. */
export interface Averages {
  readonly macro: number | null
  readonly micro: number | null
  readonly samples: number | null
  readonly classes: ReadonlyArray<number | null>
}

/** All figures. Null for what is not defined, such as the average precision of a class without images. */
export interface ClassificationFigures {
  readonly images: number
  readonly threshold: number
  /** `macro` is the mean average precision, mAP. */
  readonly averagePrecision: Averages
  readonly f1: Averages
  readonly precision: Averages
  readonly recall: Averages
  /** Share of correct decisions, image by image and class by class. */
  readonly accuracy: Averages
  /** Share of images whose label sets are predicted exactly. */
  readonly exactMatch: number | null
  /** Share of images whose most probable class is one of their labels. */
  readonly topOne: number | null
}

/**
 * Average precision: the sum over distinct scores, highest first, of the recall gained times the precision reached.
 * Equal scores count as one step, as in scikit-learn's `average_precision_score`.
 *
 * @returns null without positives
 * @example
 * averagePrecision(Float32Array.of(0.9, 0.8, 0.7), Uint8Array.of(1, 0, 1)) // => (1 + 2 / 3) / 2
 * averagePrecision(Float32Array.of(0.5), Uint8Array.of(0)) // => null
 */
export const averagePrecision = (scores: Float32Array, positive: Uint8Array): number | null => {
  const order = Uint32Array.from(scores, (_, i) => i).sort((a, b) => scores[b] - scores[a])
  let [found, before, sum] = [0, 0, 0]
  order.forEach((image, rank) => {
    found += positive[image]
    const last = rank + 1 === order.length || scores[order[rank + 1]] !== scores[image]
    if (!last) return
    sum += (found - before) * (found / (rank + 1))
    before = found
  })
  return found === 0 ? null : sum / found
}

const mean = (values: ReadonlyArray<number | null>): number | null => {
  const known = values.filter((value) => value !== null)
  return known.length === 0 ? null : known.reduce((sum, value) => sum + value, 0) / known.length
}

/** True and false decisions. */
interface Counts {
  truePositive: number
  falsePositive: number
  falseNegative: number
  trueNegative: number
}

const none = (): Counts => ({ truePositive: 0, falsePositive: 0, falseNegative: 0, trueNegative: 0 })

const add = (counts: Counts, predicted: boolean, actual: boolean): void => {
  counts[predicted ? (actual ? "truePositive" : "falsePositive") : actual ? "falseNegative" : "trueNegative"]++
}

/** 0 / 0 is 0, as in scikit-learn and torchmetrics. */
const ratio = (part: number, whole: number): number => (whole === 0 ? 0 : part / whole)

/** Figures of counts. */
const FIGURES = {
  f1: ({ falseNegative, falsePositive, truePositive }: Counts) =>
    ratio(2 * truePositive, 2 * truePositive + falsePositive + falseNegative),
  precision: ({ falsePositive, truePositive }: Counts) => ratio(truePositive, truePositive + falsePositive),
  recall: ({ falseNegative, truePositive }: Counts) => ratio(truePositive, truePositive + falseNegative),
  accuracy: ({ falseNegative, falsePositive, trueNegative, truePositive }: Counts) =>
    ratio(truePositive + trueNegative, truePositive + trueNegative + falsePositive + falseNegative)
} as const

const column = <A extends Float32Array | Uint8Array>(values: A, classes: number, c: number): A =>
  values.filter((_, i) => i % classes === c) as A

const averagePrecisions = ({ classes, labels, probabilities }: Predicted): Averages => {
  const images = classes === 0 ? 0 : labels.length / classes
  const byClass = Array.from({ length: classes }, (_, c) =>
    averagePrecision(column(probabilities, classes, c), column(labels, classes, c))
  )
  const byImage = Array.from({ length: images }, (_, i) => {
    const [from, to] = [i * classes, (i + 1) * classes]
    return averagePrecision(probabilities.subarray(from, to), labels.subarray(from, to))
  })
  return {
    macro: mean(byClass),
    micro: averagePrecision(probabilities, labels),
    samples: mean(byImage),
    classes: byClass
  }
}

/**
 * Computes all figures. Means over classes and images leave out those whose average precision is not defined; F1, precision
 * and recall of 0 / 0 are 0 and count.
 *
 * @example
 * const figures = classificationFigures({
 *   probabilities: Float32Array.of(0.9, 0.2, 0.4, 0.8),
 *   labels: Uint8Array.of(1, 0, 1, 1),
 *   classes: 2,
 *   threshold: 0.5
 * })
 * figures.f1.micro // => 0.8
 * figures.exactMatch // => 0.5
 */
export const classificationFigures = (given: Predicted): ClassificationFigures => {
  const { classes, labels, probabilities, threshold } = given
  const images = classes === 0 ? 0 : labels.length / classes
  const [byClass, byImage] = [Array.from({ length: classes }, none), Array.from({ length: images }, none)]
  const all = none()
  let [exact, top] = [0, 0]
  for (let i = 0; i < images; i++) {
    let [wrong, best] = [0, 0]
    for (let c = 0; c < classes; c++) {
      const at = i * classes + c
      const [predicted, actual] = [probabilities[at] >= threshold, labels[at] !== 0]
      for (const counts of [byClass[c], byImage[i], all]) add(counts, predicted, actual)
      if (predicted !== actual) wrong++
      if (probabilities[at] > probabilities[i * classes + best]) best = c
    }
    if (wrong === 0) exact++
    if (labels[i * classes + best] !== 0) top++
  }
  const averages = (of: (counts: Counts) => number): Averages => {
    const values = byClass.map(of)
    return {
      macro: mean(values),
      micro: images === 0 ? null : of(all),
      samples: mean(byImage.map(of)),
      classes: values
    }
  }
  return {
    images,
    threshold,
    averagePrecision: averagePrecisions(given),
    f1: averages(FIGURES.f1),
    precision: averages(FIGURES.precision),
    recall: averages(FIGURES.recall),
    accuracy: averages(FIGURES.accuracy),
    exactMatch: images === 0 ? null : exact / images,
    topOne: images === 0 ? null : top / images
  }
}
