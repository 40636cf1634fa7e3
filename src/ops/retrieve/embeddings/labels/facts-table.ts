/** Facts about images from a table of their own, as the step `facts` writes it: `name,latitude,longitude,date,...`. */
import { eachRow } from "../../../formats/csv.ts"
import { RetrieveError } from "../../retrieve-error.ts"
import { readTableText } from "../labels-file.ts"
import { type Facts, reading } from "../sources/source.ts"
import type { Images } from "./given.ts"
import { positions } from "./names.ts"

/** Facts by name. Empty cells are no facts. @throws RetrieveError if the table is not one, or names an image twice */
const readFacts = (path: string): { readonly names: ReadonlyArray<string>; readonly facts: ReadonlyArray<Facts> } =>
  reading(() => {
    const refuse = (problem: string, remedy: string) => new RetrieveError({ subject: path, problem, remedy })
    let header: ReadonlyArray<string> = []
    const names: Array<string> = []
    const facts: Array<Facts> = []
    eachRow(readTableText(path), path, { delimiter: "detect" }, (row, number) => {
      if (number === 0) {
        header = row
        return
      }
      if (row.length !== header.length) {
        throw refuse(`row ${number} has ${row.length} fields, but the header has ${header.length}`, "Correct the row")
      }
      names.push(row[0])
      facts.push(Object.fromEntries(header.flatMap((key, c) => (c === 0 || row[c] === "" ? [] : [[key, row[c]]]))))
    })
    if (header.length < 2) throw refuse("has no column besides the names", "Give a table `name,COLUMN,...`")
    if (new Set(names).size < names.length) throw refuse("names an image twice", "Give one row per image")
    return { names, facts }
  })

/**
 * Adds the facts of a table to images, by their names. Images that the table lacks have no further facts.
 *
 * @param count number of images, which are asked for in order
 * @throws RetrieveError if the table cannot be read; with the last images, if it has none of all images
 */
export const withFacts = (images: Images, path: string, count: number): Images => {
  const table = readFacts(path)
  const find = positions(table.names)
  let used = false
  return {
    ...images,
    files: [...images.files, path],
    of: (rows, from, to) => {
      const known = images.of(rows, from, to)
      const places = known.names.map(find)
      used ||= places.some((place) => place !== undefined)
      if (!used && to >= count) {
        throw new RetrieveError({
          subject: path,
          problem: `has a row for none of ${count} images, such as ${known.names[0]}`,
          remedy: "Use the names of the embeddings in the first column"
        })
      }
      const facts = places.map((place, i) => ({
        ...known.facts?.[i],
        ...(place === undefined ? {} : table.facts[place])
      }))
      return { ...known, facts }
    }
  }
}
