/** Labels of own archives without a table: the folder right above an image is its class, unless it is a usual name. */
import { finding } from "../shared/findings.ts"
import { byText } from "../shared/read-file.ts"
import { type OwnTable, splitNamed } from "./own-table.ts"

/** Folders that hold images of every class. */
const USUAL =
  /^(images?|imgs?|pictures?|photos?|patches|tiles|data|raw|rgb|s[12]|sentinel-?[12]|jpe?gs?|pngs?|tiffs?|tifs?)$/i

/** The class that the folders of an image name; `undefined` if they name none. */
export const classOfPath = (file: string): string | undefined => {
  const folder = file.split("/").at(-2)
  return folder === undefined || USUAL.test(folder) || splitNamed(folder) !== undefined ? undefined : folder
}

/**
 * The table of an archive by its folders. Classes are sorted by name; if no folder names one, images have no label.
 *
 * @param folder the archive, for findings
 * @param files paths relative to it, with `/`
 */
export const tableByFolder = (folder: string, files: ReadonlyArray<string>): OwnTable => {
  const own = files.map(classOfPath)
  const classes = [...new Set(own.filter((name) => name !== undefined))].sort(byText)
  const places = new Map(classes.map((name, i) => [name, i]))
  const labels = new Uint8Array(files.length * classes.length)
  own.forEach((name, row) => {
    if (name !== undefined) labels[row * classes.length + (places.get(name) ?? 0)] = 1
  })
  return {
    table: { file: folder, classes, names: files, labels },
    factsOf: () => ({}),
    splitOf: (row) =>
      files[row]
        .split("/")
        .slice(0, -1)
        .map(splitNamed)
        .find((split) => split !== undefined),
    findings: finding(
      "classes are named by folders of the archive",
      classes,
      "note",
      "For other labels add `labels.csv`"
    )
  }
}
