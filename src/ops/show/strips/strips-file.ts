/** Strips on disk: pictures and `strips.json`, which says what they show. */
import { existsSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { ShowError } from "../show-error.ts"
import type { StripContent } from "./strip.ts"

export interface Strip extends StripContent {
  /** Name of the picture, beside `strips.json`. */
  readonly file: string
}

export const stripsFolder = (runFolder: string): string => join(runFolder, "strips")
export const stripsIndex = (runFolder: string): string => join(stripsFolder(runFolder), "strips.json")

/**
 * File name of a strip: row of the query and summed similarity of its results, `00001_3.18.png`, so that names show good
 * queries and bad ones.
 *
 * @param digits digits of the row, at least
 */
export const stripName = ({ results, row }: StripContent, digits: number): string =>
  `${String(row).padStart(digits, "0")}_${results.reduce((sum, { similarity }) => sum + (similarity ?? 0), 0).toFixed(2)}.png`

/**
 * The strips of a run with their pictures as PNG bytes; none where none were drawn.
 *
 * @throws ShowError where `strips.json` is not one, and what the file system throws
 */
export const readStrips = (runFolder: string): ReadonlyArray<Strip & { readonly png: Uint8Array }> => {
  const path = stripsIndex(runFolder)
  if (!existsSync(path)) return []
  const content: unknown = JSON.parse(readFileSync(path, "utf8"))
  if (!Array.isArray(content)) {
    throw new ShowError({
      subject: path,
      problem: "is not a list of strips",
      remedy: "Move it away, and run the pipeline that draws strips again"
    })
  }
  return (content as ReadonlyArray<Strip>).map((strip) => ({
    ...strip,
    png: readFileSync(join(stripsFolder(runFolder), strip.file))
  }))
}
