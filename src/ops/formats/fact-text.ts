/** Longest text of a fact. */
const MOST = 4096

/**
 * A plain value of a table as the text of a fact; `undefined` for a missing value, a list, a mapping, or a text of more than
 * 4,096 characters.
 *
 * @example
 * factText(new Date("2017-06-13")) // => "2017-06-13T00:00:00.000Z"
 * factText(12n) // => "12"
 */
export const factText = (value: unknown): string | undefined => {
  if (value === null || value === undefined) return undefined
  if (value instanceof Date) return value.toISOString()
  if (typeof value === "object") return undefined
  const text = String(value)
  return text.length > MOST ? undefined : text
}
