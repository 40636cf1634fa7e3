/**
 * Checks libraries by their content. A full check reads some 600 MB, so its outcome is kept in the built package: libraries
 * are read again only if orbitrank's version, their size or their time of change differs from that of the last check.
 */
import { readFileSync, statSync } from "node:fs"
import { join } from "node:path"
import { writeFileAtomic } from "../../formats/files.ts"
import { version } from "../../version.ts"
import type { Built } from "./record.ts"
import { sha256Now } from "./sha256.ts"

const CHECKED_FILE = "checked.json"

/** A library as the last check found it. */
interface Seen {
  readonly bytes: number
  /** Milliseconds since 1970. */
  readonly modified: number
  readonly sha256: string
}
interface Checked {
  readonly orbitrank: string
  readonly libraries: Readonly<Record<string, Seen>>
}

/** The last check; a file that cannot be read or understood counts as none, which costs a check. */
const readChecked = (packageFolder: string): Checked => {
  try {
    const { orbitrank, libraries } = JSON.parse(readFileSync(join(packageFolder, CHECKED_FILE), "utf8")) as Checked
    if (typeof orbitrank === "string" && typeof libraries === "object") return { orbitrank, libraries: libraries ?? {} }
  } catch {
    // As if nothing had been checked.
  }
  return { orbitrank: "", libraries: {} }
}

const keep = (packageFolder: string, libraries: Readonly<Record<string, Seen>>): void => {
  const checked: Checked = { orbitrank: version, libraries }
  try {
    writeFileAtomic(join(packageFolder, CHECKED_FILE), `${JSON.stringify(checked, null, 2)}\n`)
  } catch {
    // A package that cannot be written to is checked at every start.
  }
}

const isSame = (a: Seen | undefined, b: Omit<Seen, "sha256">): a is Seen =>
  a?.bytes === b.bytes && a.modified === b.modified

/**
 * Returns the first library whose content differs from the record's SHA-256, or `undefined`. For a record of version 0.1.0,
 * which has no SHA-256, the first check takes the content as it is and later checks compare with that.
 *
 * @param packageFolder the built package, which keeps the outcome
 * @throws what the file system throws
 */
export const changedLibrary = (packageFolder: string, { folder, libraries, sha256 }: Built): string | undefined => {
  const before = readChecked(packageFolder)
  const now: Record<string, Seen> = {}
  let changed = before.orbitrank !== version
  for (const place of Object.keys(libraries)) {
    const path = join(folder, place)
    const { mtimeMs, size } = statSync(path)
    const known = before.libraries[place]
    const found = { bytes: size, modified: mtimeMs }
    if (before.orbitrank === version && isSame(known, found)) {
      now[place] = known
      continue
    }
    const content = sha256Now(path)
    if (content !== (sha256?.[place] ?? known?.sha256 ?? content)) return place
    now[place] = { ...found, sha256: content }
    changed = true
  }
  if (changed) keep(packageFolder, now)
  return undefined
}

/** Whether every library has the SHA-256 that the record gives; reads them all. @throws what the file system throws */
export const isIntact = ({ folder, libraries, sha256 = {} }: Built): boolean =>
  Object.keys(libraries).every(
    (place) => sha256[place] === undefined || sha256Now(join(folder, place)) === sha256[place]
  )
