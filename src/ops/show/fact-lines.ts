/** Facts about an image as lines of a page: date and place first, then the other columns of its table. */

/** Longest text of one line. */
const MOST = 120

const number = (text: string | undefined): number =>
  text === undefined || text.trim() === "" ? Number.NaN : Number(text)

const degrees = (value: number, [plus, minus]: readonly [string, string]): string =>
  `${Math.abs(value).toFixed(4)}° ${value < 0 ? minus : plus}`

/** Latitude and longitude as one line; undefined if they are not numbers. */
const placeOf = ({ latitude, longitude }: Readonly<Record<string, string>>): string | undefined => {
  const [north, east] = [number(latitude), number(longitude)]
  if (!Number.isFinite(north) || !Number.isFinite(east)) return undefined
  return `${degrees(north, ["N", "S"])}, ${degrees(east, ["E", "W"])}`
}

/**
 * Facts as lines: the date, the place, and `name: value` for each other fact.
 *
 * @example
 * factLines({ country: "Chile", latitude: "-33.5", longitude: "-70.6", date: "2017-06-13" }) // => ["2017-06-13", "33.5000° S, 70.6000° W", "country: Chile"]
 */
export const factLines = (facts: Readonly<Record<string, string>> = {}): ReadonlyArray<string> => {
  const place = placeOf(facts)
  const apart = new Set(["date", ...(place === undefined ? [] : ["latitude", "longitude"])])
  const others = Object.entries(facts).filter(([name, value]) => !apart.has(name) && value !== "")
  return [
    ...(facts.date === undefined || facts.date === "" ? [] : [facts.date]),
    ...(place === undefined ? [] : [place]),
    ...others.map(([name, value]) => `${name}: ${value}`)
  ].map((line) => (line.length > MOST ? `${line.slice(0, MOST - 1)}…` : line))
}
