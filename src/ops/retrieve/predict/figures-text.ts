/** Figures of predicted labels as lines for a terminal. */
import { printable } from "../../../pipeline/words.ts"
import type { Averages, ClassificationFigures } from "../../measure/classification.ts"

const shown = (value: number | null): string => (value === null ? "-" : value.toFixed(4))

const COLUMNS = ["macro", "micro", "samples"] as const

/** A table of figures by way of averaging, and one of figures by class. */
export const figureLines = (figures: ClassificationFigures, classes: ReadonlyArray<string>): ReadonlyArray<string> => {
  const { accuracy, averagePrecision, exactMatch, f1, images, precision, recall, threshold, topOne } = figures
  const named: ReadonlyArray<readonly [string, Averages]> = [
    ["average precision", averagePrecision],
    ["F1", f1],
    ["precision", precision],
    ["recall", recall],
    ["accuracy", accuracy]
  ]
  const row = (name: string, cells: ReadonlyArray<string>, width: number) =>
    `${name.padEnd(width)}${cells.map((cell) => cell.padStart(11)).join("")}`
  const names = classes
    .map((name) => printable(name))
    .map((name) => (name.length > 40 ? `${name.slice(0, 39)}…` : name))
  const width = names.reduce((most, { length }) => Math.max(most, length), 17)
  return [
    "",
    `${images} images with labels; a label is predicted from a probability of ${threshold} on`,
    "",
    row("", COLUMNS, 17),
    ...named.map(([name, averages]) =>
      row(
        name,
        COLUMNS.map((column) => shown(averages[column])),
        17
      )
    ),
    `exact match ${shown(exactMatch)}, most probable class is a label ${shown(topOne)}`,
    "",
    row("", ["AP", "F1"], width),
    ...names.map((name, c) => row(name, [shown(averagePrecision.classes[c]), shown(f1.classes[c])], width)),
    ""
  ]
}

/** Figures as they are recorded, with the names of the classes. */
export const figureRecord = (figures: ClassificationFigures, classes: ReadonlyArray<string>) => {
  const named = ({ classes: values, ...averages }: Averages) => ({
    ...averages,
    classes: Object.fromEntries(classes.map((name, c) => [name, values[c]]))
  })
  const { accuracy, averagePrecision, exactMatch, f1, images, precision, recall, threshold, topOne } = figures
  return {
    ...{ images, threshold, mAP: averagePrecision.macro, average_precision: named(averagePrecision), f1: named(f1) },
    ...{ precision: named(precision), recall: named(recall), accuracy: named(accuracy) },
    ...{ exact_match: exactMatch, top_1: topOne }
  }
}
