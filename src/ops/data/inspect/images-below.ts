/** The patches of a folder of images, whatever archive it is: found by the names of files alone. */
import { readdirSync } from "node:fs"
import { join } from "node:path"
import { messageOf } from "../../../pipeline/words.ts"
import { DataError } from "../../formats/data-error.ts"
import { DATA_SETS } from "../archives/list.ts"
import { type Entry, entryOf, isShown, type Trail, trailInto } from "../archives/shared/entries.ts"
import { byText } from "../archives/shared/read-file.ts"
import { isKnownFile } from "./file-layers.ts"
import { patchOfFile } from "./layer-names.ts"

/** Folders of masks, which are named like the images beside them in `Images`: masks are not patches. */
const MASKS: ReadonlyArray<string | undefined> = DATA_SETS.map(({ masks }) => masks)

export interface PatchFiles {
  readonly name: string
  readonly files: ReadonlyArray<string>
}

const list = (folder: string): ReadonlyArray<Entry> => {
  try {
    return readdirSync(folder, { withFileTypes: true })
      .filter(isShown)
      .map((entry) => entryOf(folder, entry))
      .sort((a, b) => byText(a.name, b.name))
  } catch (cause) {
    if (cause instanceof DataError) throw cause
    throw new DataError({
      subject: folder,
      problem: `cannot be listed (${messageOf(cause)})`,
      remedy: "Check its path and that you may read it",
      cause
    })
  }
}

/**
 * Lists all patches below a folder, starting with the folder itself, in the order of names: files that differ only in
 * their band are one patch; masks are left out. One folder's names are held at a time.
 *
 * @throws DataError if a folder cannot be listed, or a link leads nowhere or back to a folder above it
 */
export function* patchesBelow(folder: string, trail: Trail = []): Generator<PatchFiles> {
  const entries = list(folder)
  const patches = new Map<string, Array<string>>()
  for (const entry of entries) {
    if (entry.folder || !isKnownFile(entry.name)) continue
    const { patch, band } = patchOfFile(entry.name)
    // Two images may differ in their ending alone; only bands belong together.
    const key = band === undefined ? `${patch}/${entry.name}` : patch
    const files = patches.get(key)
    if (files === undefined) patches.set(key, [join(folder, entry.name)])
    else files.push(join(folder, entry.name))
  }
  for (const files of patches.values()) yield { name: patchOfFile(files[0]).patch, files }
  const besideImages = entries.some(({ name }) => name === "Images")
  for (const entry of entries) {
    if (!entry.folder || (besideImages && MASKS.includes(entry.name))) continue
    yield* patchesBelow(join(folder, entry.name), trailInto(trail, folder, entry))
  }
}
