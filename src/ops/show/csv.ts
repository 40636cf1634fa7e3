/**
 * Reads a CSV file of plain numbers with a header, as `curve` writes it.
 *
 * @returns one record per row; a field that is empty or not a number is left out of its record
 */
export const numberRows = (text: string): ReadonlyArray<Readonly<Record<string, number>>> => {
  const [header = "", ...lines] = text.split(/\r?\n/).filter((line) => line !== "")
  const names = header.split(",")
  return lines.map((line) => {
    const fields = line.split(",")
    return Object.fromEntries(
      names.flatMap((name, i) => {
        const field = fields[i]?.trim() ?? ""
        const value = Number(field)
        return field === "" || !Number.isFinite(value) ? [] : [[name, value]]
      })
    )
  })
}
