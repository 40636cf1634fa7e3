/** What the page shows, as the part of its address behind `#`. */

export interface View {
  /** Names of images that results should resemble. */
  readonly like: ReadonlyArray<string>
  /** Names of images that results should not resemble. */
  readonly unlike: ReadonlyArray<string>
  /** Classes that results must all have. */
  readonly labels: ReadonlyArray<string>
  /** Text that names of results must contain. */
  readonly text: string
  /** Latitude, longitude and radius in kilometres that results must lie within. */
  readonly near: readonly [latitude: number, longitude: number, km: number] | undefined
  /** Lowest and highest average precision that results must have as queries; only 1 is part of the range that ends there. */
  readonly ap: readonly [low: number, high: number] | undefined
  /** Names of the images that are shown; all if there are none. */
  readonly only: ReadonlyArray<string>
  /** What is shown beside the pictures. */
  readonly view: "images" | "understand" | "about"
}

export const EMPTY: View = {
  like: [],
  unlike: [],
  labels: [],
  text: "",
  near: undefined,
  ap: undefined,
  only: [],
  view: "images"
}

/** Text that is safe in an address; the characters of ordinary names stay readable. */
const escaped = (text: string): string => encodeURIComponent(text)

const listed = (names: ReadonlyArray<string>): string => names.map(escaped).join(",")

/**
 * The address of a view, without `#`.
 *
 * @example
 * addressOf({ ...EMPTY, like: ["a", "b,c"], unlike: ["d"] }) // => "like=a,b%2Cc&unlike=d"
 */
export const addressOf = ({ ap, labels, like, near, only, text, unlike, view }: View): string =>
  [
    ...(view === "images" ? [] : [["view", view]]),
    ["like", listed(like)],
    ["unlike", listed(unlike)],
    ["labels", listed(labels)],
    ["text", escaped(text)],
    ["near", near === undefined ? "" : near.join(",")],
    ["ap", ap === undefined ? "" : ap.join(",")],
    ["only", listed(only)]
  ]
    .filter(([, value]) => value !== "")
    .map(([key, value]) => `${key}=${value}`)
    .join("&")

const decoded = (text: string): string => {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

const namesIn = (text: string): ReadonlyArray<string> =>
  text
    .split(",")
    .filter((one) => one !== "")
    .map(decoded)

const nearIn = (text: string): View["near"] => {
  const [latitude, longitude, km = 50] = text.split(",").map(Number)
  return Math.abs(latitude) <= 90 && Math.abs(longitude) <= 180 && km > 0 ? [latitude, longitude, km] : undefined
}

const rangeIn = (text: string): View["ap"] => {
  const [low, high] = text.split(",").map(Number)
  return low >= 0 && low < high && high <= 1 ? [low, high] : undefined
}

/**
 * The view that an address describes; what it does not know is ignored.
 *
 * @param hash with or without `#`
 *
 * @example
 * viewOf("#like=a,b%2Cc").like // => ["a", "b,c"]
 */
export const viewOf = (hash: string): View => {
  const parts = new Map(
    hash
      .replace(/^#/, "")
      .split("&")
      .map((part) => {
        const at = part.indexOf("=")
        return [part.slice(0, at), part.slice(at + 1)] as const
      })
  )
  const part = (key: string) => parts.get(key) ?? ""
  const view = part("view")
  return {
    like: [...new Set(namesIn(part("like")))],
    unlike: [...new Set(namesIn(part("unlike")))],
    labels: namesIn(part("labels")),
    text: decoded(part("text")),
    near: nearIn(part("near")),
    ap: rangeIn(part("ap")),
    only: namesIn(part("only")),
    view: view === "understand" || view === "about" ? view : "images"
  }
}
