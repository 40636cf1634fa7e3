/** Finds names without a match: labels without files, files without labels, listed names without a patch. */

import { type Finding, finding } from "../archives/shared/findings.ts"
import { listedBy } from "../archives/shared/image-files.ts"
import { type Lists, SPLITS } from "../splits/division.ts"

/** @param names of the archive's patches */
export const listFindings = (lists: Lists, names: ReadonlyArray<string>): ReadonlyArray<Finding> => {
  const stemOf = listedBy(names)
  const there = new Set(names.map(stemOf))
  const listed = new Map<string, string>()
  const twice: Array<string> = []
  const absent: Array<string> = []
  for (const split of SPLITS) {
    for (const name of lists[split] ?? []) {
      const other = listed.get(stemOf(name))
      if (other !== undefined) twice.push(`${name} (${other} and ${split})`)
      else if (!there.has(stemOf(name))) absent.push(`${name} (${split})`)
      listed.set(stemOf(name), other ?? split)
    }
  }
  return [
    ...finding(
      "names are in two lists",
      twice,
      "fail",
      "Put each name into one list: training patches must not be test patches"
    ),
    ...finding(
      "names in the lists have no patch",
      absent,
      "fail",
      "Give the archive that the lists belong to; `split` accepts a part of it with `missing: skip`"
    )
  ]
}

/** Finds labels without files, and files without labels. */
export const presenceFindings = (
  labelled: ReadonlyArray<string>,
  there: ReadonlyArray<string>
): ReadonlyArray<Finding> => {
  const files = new Set(there)
  const rows = new Set(labelled)
  return [
    ...finding(
      "label rows have no image",
      labelled.filter((name) => !files.has(name)),
      "fail",
      "Unpack all parts of the archive, or leave these out with `on_bad_patch: skip`"
    ),
    ...finding(
      "images have no row of labels",
      there.filter((name) => !rows.has(name)),
      "note",
      "They are not read; BigEarthNet v2 keeps patches with snow, cloud or shadow in a table of their own (`labels`)"
    )
  ]
}
