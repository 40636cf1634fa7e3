/** The grid of a sweep: its cells, and the groups of cells that repeat one experiment. */
import { flowText } from "../../pipeline/print.ts"
import { random } from "../../pipeline/random.ts"
import type { SweepFile } from "./sweep-file.ts"

/** One choice of values. */
export interface Cell {
  /** Its folder: the last part of each key, and its value. */
  readonly name: string
  readonly values: Readonly<Record<string, unknown>>
  /** The values as `--set` takes them. */
  readonly set: ReadonlyArray<string>
}

/** Cells that differ in the replicated key alone. */
export interface Group {
  readonly name: string
  readonly values: Readonly<Record<string, unknown>>
  readonly cells: ReadonlyArray<Cell>
}

type Choice = Readonly<Record<string, unknown>>

/** All choices, the last key changing fastest. */
const product = (over: Readonly<Record<string, ReadonlyArray<unknown>>>): ReadonlyArray<Choice> =>
  Object.entries(over).reduce<ReadonlyArray<Choice>>(
    (choices, [key, values]) => choices.flatMap((choice) => values.map((value) => ({ ...choice, [key]: value }))),
    [{}]
  )

const shortKey = (key: string): string => key.split(".").at(-1) ?? key

/** A value in a name: short, and without signs that a file name should not have. */
const inName = (value: unknown): string => {
  const text = typeof value === "string" ? value : JSON.stringify(value)
  return text
    .replace(/["{}[\]\s]/g, "")
    .replace(/[^A-Za-z0-9._=,:+-]/g, "-")
    .replaceAll(":", "=")
}

/** Names of choices: `metric_loss=oml,seed=24`; a key is written whole if its last part is not enough. */
const nameOf = (choice: Choice, keys: ReadonlyArray<string>): string => {
  const short = (key: string) =>
    keys.filter((one) => shortKey(one) === shortKey(key)).length > 1 ? key : shortKey(key)
  return Object.entries(choice)
    .map(([key, value]) => `${short(key)}=${inName(value)}`)
    .join(",")
}

/** Values as `--set` takes them; a text such as "24" stays one. */
export const assignments = (values: Choice): ReadonlyArray<string> =>
  Object.entries(values).map(([key, value]) => `${key}=${flowText(value)}`)

const without = (choice: Choice, key: string): Choice =>
  Object.fromEntries(Object.entries(choice).filter(([name]) => name !== key))

/** The choices of a random search, in the order of the grid. */
const drawn = (choices: ReadonlyArray<Choice>, count: number | undefined, seed: number): ReadonlyArray<Choice> => {
  if (count === undefined || count >= choices.length) return choices
  const kept = [...random(seed, 0, "sweep", "draw").permutation(choices.length)].slice(0, count)
  return choices.filter((_, i) => kept.includes(i))
}

const agrees = (choice: Choice, wanted: Choice): boolean =>
  Object.entries(wanted).every(([key, value]) => JSON.stringify(choice[key]) === JSON.stringify(value))

/**
 * The groups of a sweep; that of `against` is the first.
 *
 * @param set values of `--set` for every cell
 */
export const gridOf = (sweep: SweepFile, set: ReadonlyArray<string>): ReadonlyArray<Group> => {
  const { against = {}, draw, draw_seed, over, replicate } = sweep
  const keys = Object.keys(over)
  const repeated: ReadonlyArray<Choice> = over[replicate]?.map((value) => ({ [replicate]: value })) ?? [{}]
  const choices = drawn(product(without(over, replicate) as typeof over), draw, draw_seed)
  const names = (choice: Choice) => nameOf(choice, keys)
  const groups = choices.map(
    (choice): Group => ({
      name: Object.keys(choice).length === 0 ? sweep.experiment : names(choice),
      values: choice,
      cells: repeated.map((repetition) => {
        const values = { ...choice, ...repetition }
        return { name: names(values), values, set: [...set, ...assignments(sweep.set), ...assignments(values)] }
      })
    })
  )
  const reference = groups.findIndex(({ values }) => agrees(values, against))
  return reference <= 0 ? groups : [groups[reference], ...groups.filter((_, i) => i !== reference)]
}
