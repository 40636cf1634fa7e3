/** How the images of Parquet files are named. */
import { nameOf, pathNameOf } from "../shared/image-files.ts"
import type { Row } from "./table-work.ts"

type Named = Pick<Row, "ids" | "path">

/** Names of the images, and where they come from. */
export interface Naming {
  readonly names: ReadonlyArray<string>
  readonly byPosition: boolean
}

/**
 * Names all images in the first of these ways that gives every image a name of its own: by file name, by path, or by one of
 * the columns that may name images. If no way does, the names are the positions of the rows.
 */
export const namingOf = (rows: ReadonlyArray<Named>): Naming => {
  const columns = rows.reduce((least, { ids }) => Math.min(least, ids.length), Number.POSITIVE_INFINITY)
  const ways: ReadonlyArray<(row: Named) => string | undefined> = [
    ({ path }) => path && nameOf(path),
    ({ path }) => path && pathNameOf(path).replace(/^\/+/, ""),
    ...Array.from(
      { length: columns },
      (_, c) =>
        ({ ids }: Named) =>
          ids[c] && pathNameOf(ids[c])
    )
  ]
  for (const way of ways) {
    const names = rows.map(way)
    const known = names.filter((name) => name !== undefined && name !== "") as ReadonlyArray<string>
    if (known.length === rows.length && new Set(known).size === rows.length) return { names: known, byPosition: false }
  }
  const digits = String(rows.length - 1).length
  return { names: rows.map((_, i) => String(i).padStart(digits, "0")), byPosition: true }
}
