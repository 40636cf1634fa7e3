/** Tables that the page exports. */

/**
 * One field of CSV (RFC 4180). A text that a spreadsheet would run as a formula stays a text: programs that read CSV as it is
 * must get the name unchanged, so nothing is put before it; it is quoted.
 */
const field = (value: string | number): string => {
  const text = String(value)
  return /[",\r\n]|^[=+\-@\t]/.test(text) && typeof value === "string" ? `"${text.replaceAll('"', '""')}"` : text
}

/**
 * CSV with a header, lines ended by LF.
 *
 * @example
 * csvOf(["name", "score"], [["a,b", 0.5]]) // => "name,score\n\"a,b\",0.5\n"
 */
export const csvOf = (header: ReadonlyArray<string>, rows: Iterable<ReadonlyArray<string | number>>): string => {
  const lines = [header, ...rows].map((row) => row.map(field).join(","))
  return `${lines.join("\n")}\n`
}
