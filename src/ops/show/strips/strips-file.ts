/** Strips on disk: pictures, and `strips.json` with their content. */
import { existsSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { ShowError } from "../show-error.ts"
import type { StripContent } from "./strip.ts"

/** The content of a strip and the file of its picture. */
export interface Strip extends StripContent {
  /** Name of the picture, beside `strips.json`. */
  readonly file: string
}

export const stripsFolder = (runFolder: string): string => join(runFolder, "strips")
export const stripsIndex = (runFolder: string): string => join(stripsFolder(runFolder), "strips.json")

/**
 * File name of a strip, such as `00001_3.18.png`: the row of the query and the sum of its results' label similarities, so that
 * names tell good queries from bad ones.
 *
 * @param digits minimum number of digits of the row
 */
export const stripName = ({ results, row }: StripContent, digits: number): string =>
  `${String(row).padStart(digits, "0")}_${results.reduce((sum, { similarity }) => sum + (similarity ?? 0), 0).toFixed(2)}.png`

/**
 * The strips of a run with their pictures as PNG bytes; an empty list if none were drawn. Errors of the file system are thrown
 * as they are.
 *
 * @throws ShowError if `strips.json` is not a list of strips
 */
export const readStrips = (runFolder: string): ReadonlyArray<Strip & { readonly png: Uint8Array }> => {
  const path = stripsIndex(runFolder)
  if (!existsSync(path)) return []
  const content: unknown = JSON.parse(readFileSync(path, "utf8"))
  if (!Array.isArray(content)) {
    throw new ShowError({
      subject: path,
      problem: "is not a list of strips",
      remedy: "Move it to another folder, and run the pipeline that draws strips again"
    })
  }
  return (content as ReadonlyArray<Strip>).map((strip) => ({
    ...strip,
    png: readFileSync(join(stripsFolder(runFolder), strip.file))
  }))
}
