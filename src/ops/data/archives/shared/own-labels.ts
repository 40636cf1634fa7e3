/** Classes of archives of one's own whose files label images by the names or the numbers of classes. */
import { DataError } from "../../../formats/data-error.ts"
import { classFile, classLines } from "./class-file.ts"
import { classFinder } from "./class-list.ts"

/** A label in a file: the name or the number of a class. */
export type Label = string | number

/** Keys and columns with labels. */
export const LABEL_KEYS = /^(labels?|class(es)?|tags|cls)$/i

/** Whether a number occurs twice: labels are then a value per class, not the numbers of classes. */
export const repeats = (labels: ReadonlyArray<Label>): boolean => {
  const numbers = labels.filter((one) => typeof one === "number")
  return new Set(numbers).size < numbers.length
}

/** The labels in a value: one, or a list of them; `undefined` for any other value. */
export const labelsIn = (value: unknown): ReadonlyArray<Label> | undefined => {
  const all = Array.isArray(value) ? value : [value]
  return all.every((one) => typeof one === "string" || Number.isInteger(one)) ? all : undefined
}

/** Names of classes in the order of their numbers, if there is a `classes.txt`. @returns rejects with DataError if it is wrong */
export const namedClasses = async (folder: string): Promise<ReadonlyArray<string> | undefined> => {
  const lines = await classLines(folder)
  if (lines !== undefined && (lines.includes("") || new Set(lines).size < lines.length)) {
    throw new DataError({
      subject: classFile(folder),
      problem: "has an empty line or a class twice",
      remedy: "Give one class per line"
    })
  }
  return lines
}

/** Classes, and the classes of each image. */
export interface LabelClasses {
  readonly classes: ReadonlyArray<string>
  /** The classes that the labels of an image name, in the order of `classes`. @throws DataError if a label is no class */
  readonly labelsOf: (image: string, labels: ReadonlyArray<Label>) => ReadonlyArray<string>
}

/** All labels that occur: numbers in numerical order, then names. */
const sorted = (labels: Iterable<Label>): ReadonlyArray<string> => {
  const key = (label: Label) => (typeof label === "number" ? label : Number.POSITIVE_INFINITY)
  const all = [...new Set(labels)].sort((a, b) => key(a) - key(b) || (String(a) < String(b) ? -1 : 1))
  return [...new Set(all.map(String))]
}

/**
 * The classes of some labels.
 *
 * @param named classes in the order of their numbers, if they are known; else the labels that occur
 * @param by what names them, for messages
 */
export const classesOfLabels = (
  folder: string,
  named: ReadonlyArray<string> | undefined,
  occurring: Iterable<Label>,
  by = "classes.txt"
): LabelClasses => {
  const classes = named ?? sorted(occurring)
  const find = classFinder({ classes, aliases: {} })
  const nameOf = (image: string, label: Label): string => {
    const index = typeof label === "number" && named !== undefined ? label : find(String(label))
    if (index !== undefined && classes[index] !== undefined) return classes[index]
    throw new DataError({
      subject: folder,
      problem: `has the label ${label} at ${image}, which ${by} does not name`,
      remedy: `Correct ${by}`
    })
  }
  return {
    classes,
    labelsOf: (image, labels) => {
      const own = new Set(labels.map((label) => nameOf(image, label)))
      return classes.filter((one) => own.has(one))
    }
  }
}
