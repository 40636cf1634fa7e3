/** Writes CSV (RFC 4180). Imports nothing, so that pages can use it, too. */

/**
 * Signs that a field may only hold in quotes. Semicolons and tabs are among them so that `delimiterOf` finds the comma;
 * white space at the ends would be trimmed; Excel reads `sep=` on a first line as an instruction.
 */
const QUOTED = /[",;\t\r\n]|^\s|\s$|^sep=/i

/**
 * Writes one field of a CSV file, in quotes if it needs them.
 *
 * @example
 * field("Sea, ocean") // => "\"Sea, ocean\""
 * field("Beach") // => "Beach"
 */
export const field = (text: string): string => (QUOTED.test(text) ? `"${text.replaceAll('"', '""')}"` : text)

/**
 * Writes one row of a CSV file, line end included.
 *
 * @example
 * csvRow(["a.png", 1, 0]) // => "a.png,1,0\n"
 */
export const csvRow = (fields: ReadonlyArray<string | number>): string => {
  const line = fields.map((one) => field(String(one))).join(",")
  // Readers skip an empty line, so a row that is one empty field needs its quotes.
  return line === "" ? '""\n' : `${line}\n`
}
