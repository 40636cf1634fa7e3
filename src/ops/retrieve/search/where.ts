/** Conditions on the facts of images: the values of columns, and the distance from a place. */
import { Schema } from "effect"
import { Finite, listOf, Name, type Plain, Positive } from "../../../pipeline/param.ts"
import { suggestion } from "../../../pipeline/words.ts"
import type { Embeddings } from "../../elements.ts"
import { RetrieveError } from "../retrieve-error.ts"
import { dateDigits, isDateColumn, yearDigits } from "./dates.ts"

type Value = string | number
const Value: Plain<Value> = Schema.Union([Finite, Name])

/** Bounds, both inclusive. */
export interface Range {
  readonly from?: Value | undefined
  readonly to?: Value | undefined
}
const Range: Plain<Range> = Schema.Struct({ from: Schema.optional(Value), to: Schema.optional(Value) }).check(
  Schema.makeFilter(({ from, to }: Range) => from !== undefined || to !== undefined || "a bound", {
    expected: "`from`, `to`, or both"
  })
)

/** What a column must be, by column. */
export type Where = Readonly<Record<string, Value | ReadonlyArray<Value> | Range>>
export const Where: Plain<Where> = Schema.Record(
  Schema.String,
  Schema.Union([Finite, Name, listOf(Value), Range])
).annotate({ expected: "a mapping of columns to a value, a list of values, or `{ from, to }`" })

/** A circle on the Earth. */
export interface Near {
  readonly latitude: number
  readonly longitude: number
  readonly km: number
}

/** Degrees of each coordinate, both ends included. Longitudes may be counted from Greenwich to the east, too. */
const DEGREES = { latitude: [-90, 90], longitude: [-180, 360] } as const
type Coordinate = keyof typeof DEGREES

const isIn = (coordinate: Coordinate, degrees: number): boolean =>
  degrees >= DEGREES[coordinate][0] && degrees <= DEGREES[coordinate][1]
const rangeOf = (coordinate: Coordinate): string =>
  `from ${DEGREES[coordinate][0]} to ${DEGREES[coordinate][1]} degrees`
const degrees = (coordinate: Coordinate): Plain<number> =>
  Schema.Number.check(
    Schema.makeFilter((n: number) => isIn(coordinate, n) || "out of range", {
      expected: `a ${coordinate} ${rangeOf(coordinate)}`
    })
  )
export const Near: Plain<Near> = Schema.Struct({
  latitude: degrees("latitude"),
  longitude: degrees("longitude"),
  km: Positive
})

/** Whether the facts of an image meet a condition. */
export type Meets = (facts: Readonly<Record<string, string>>) => boolean

const numberOf = (text: string): number => (text.trim() === "" ? Number.NaN : Number(text))

/** Order of two texts. A bound that is the beginning of a fact is equal to it. */
const inOrder = (fact: string, bound: string): number => (fact.startsWith(bound) ? 0 : fact < bound ? -1 : 1)

/** Order of a fact and a bound: negative if the fact comes first, 0 if they are equal. */
type Order = (fact: string) => number

/**
 * A function that orders facts by date, in any form. The bound 2017-06 is equal to all days of this month, and in a column of
 * dates the bound 2017 is equal to all days of the year. It returns `undefined` if the fact or the bound is not a date.
 */
const orderOfDates = (column: string, bound: Value): ((fact: string) => number | undefined) => {
  const text = String(bound)
  const date = dateDigits(text) ?? (isDateColumn(column) ? yearDigits(text) : undefined)
  if (date === undefined) return () => undefined
  return (fact) => {
    const own = dateDigits(fact)
    return own === undefined ? undefined : inOrder(own, date)
  }
}

/** Whether a fact that an image has meets a condition. */
type Test = (fact: string) => boolean

const equalTo = (column: string, value: Value): Test => {
  const byDate = orderOfDates(column, value)
  return (fact) => (typeof value === "number" ? numberOf(fact) === value : fact === value) || byDate(fact) === 0
}

/** A function that orders facts: dates as dates, numbers as numbers, all else as text. */
const orderOf = (column: string, bound: Value): Order => {
  const byDate = orderOfDates(column, bound)
  const byValue: Order = (fact) =>
    typeof bound === "number" && !Number.isNaN(numberOf(fact)) ? numberOf(fact) - bound : inOrder(fact, String(bound))
  return (fact) => byDate(fact) ?? byValue(fact)
}

const within = (column: string, { from, to }: Range): Test => {
  const [low, high] = [from, to].map((bound) => (bound === undefined ? undefined : orderOf(column, bound)))
  return (fact) => (low === undefined || low(fact) >= 0) && (high === undefined || high(fact) <= 0)
}

const isList = (value: Where[string]): value is ReadonlyArray<Value> => Array.isArray(value)

const testOf = (column: string, wanted: Where[string]): Test => {
  if (isList(wanted)) {
    const tests = wanted.map((value) => equalTo(column, value))
    return (fact) => tests.some((test) => test(fact))
  }
  return typeof wanted === "object" ? within(column, wanted) : equalTo(column, wanted)
}

const RADIANS = Math.PI / 180
/** Mean radius of the Earth. */
const KM = 6371.0088

/**
 * Distance of two places on the sphere in kilometres, by the haversine formula.
 *
 * @example
 * Math.round(distance({ latitude: 0, longitude: 0 }, { latitude: 0, longitude: 90 })) // => 10008
 */
export const distance = (a: Omit<Near, "km">, b: Omit<Near, "km">): number => {
  const half = (x: number, y: number) => Math.sin(((x - y) * RADIANS) / 2) ** 2
  const across = Math.cos(a.latitude * RADIANS) * Math.cos(b.latitude * RADIANS)
  const h = half(a.latitude, b.latitude) + across * half(a.longitude, b.longitude)
  return 2 * KM * Math.asin(Math.min(1, Math.sqrt(h)))
}

const columnsOf = (batches: ReadonlyArray<Embeddings>): ReadonlyArray<string> => [
  ...new Set(batches.flatMap(({ facts = [] }) => facts.flatMap((one) => Object.keys(one))))
]

/** @throws RetrieveError if no image has such a fact */
const checkColumn = (columns: ReadonlyArray<string>, key: "where" | "near", column: string): void => {
  if (columns.includes(column)) return
  throw new RetrieveError({
    subject: `${key}: ${column}`,
    problem:
      columns.length === 0
        ? "nothing but labels is known of the images"
        : `no image has such a fact${suggestion(column, columns)}`,
    remedy:
      columns.length === 0
        ? "Give a table of facts to the step that reads the embeddings, as in `embeddings: { from: E.npy, facts: facts.csv }`"
        : `Name one of ${columns.join(", ")}`
  })
}

/** @throws RetrieveError if an image has a coordinate that is not in degrees, such as one of a map projection in metres */
const checkPlaces = (batches: ReadonlyArray<Embeddings>, coordinate: Coordinate): void => {
  for (const { facts = [], names } of batches) {
    const at = facts.findIndex(({ [coordinate]: text = "" }) => text !== "" && !isIn(coordinate, numberOf(text)))
    if (at < 0) continue
    throw new RetrieveError({
      subject: names[at],
      problem: `its ${coordinate} is ${facts[at][coordinate]}, but \`near\` needs a number ${rangeOf(coordinate)}`,
      remedy: `Correct the column \`${coordinate}\` of the table of facts`
    })
  }
}

/**
 * The conditions on facts. An image without a fact does not meet a condition on it.
 *
 * @throws RetrieveError if no image has a fact that a condition names, or if a coordinate is not in degrees
 */
export const conditionsOn = (
  batches: ReadonlyArray<Embeddings>,
  where: Where | undefined,
  near: Near | undefined
): ReadonlyArray<Meets> => {
  if (where === undefined && near === undefined) return []
  const columns = columnsOf(batches)
  const byColumn = Object.entries(where ?? {}).map(([column, wanted]): Meets => {
    checkColumn(columns, "where", column)
    const test = testOf(column, wanted)
    return ({ [column]: fact = "" }) => fact !== "" && test(fact)
  })
  if (near === undefined) return byColumn
  for (const coordinate of ["latitude", "longitude"] as const) {
    checkColumn(columns, "near", coordinate)
    checkPlaces(batches, coordinate)
  }
  const inCircle: Meets = ({ latitude = "", longitude = "" }) =>
    distance({ latitude: numberOf(latitude), longitude: numberOf(longitude) }, near) <= near.km
  return [...byColumn, inCircle]
}
