/** A miniature of an archive of arrays: `images.npy` written picture by picture, and `labels.csv`. */
import { closeSync, existsSync, openSync, readSync, truncateSync, writeFileSync, writeSync } from "node:fs"
import { join } from "node:path"
import { writeFileAtomic } from "../../formats/files.ts"
import { npyHeader } from "../../formats/npy.ts"
import { ownNomenclature } from "../archives/shared/nomenclatures.ts"
import { RGB_BANDS } from "../patches/bands.ts"
import type { Miniature, MiniatureOptions } from "./archive.ts"
import { table } from "./archives/files.ts"
import { OWN_CLASSES } from "./archives/folder.ts"
import { beginMiniature, finishMiniature } from "./manifest.ts"
import { drawPicture, drawScenery, setOf } from "./picture.ts"

const EDGE = 64

/** Whether an item has been written: a drawn picture is never all black. */
const isWritten = (fd: number, at: number, length: number): boolean => {
  const bytes = Buffer.alloc(length)
  return readSync(fd, bytes, 0, length, at) === length && bytes.some((value) => value > 0)
}

/** @throws DataError where the folder holds something else */
export const openArrays = (
  folder: string,
  { patches, seed, size }: MiniatureOptions & { readonly size: number | undefined }
): Miniature => {
  const edge = size ?? EDGE
  const facts = { kind: "arrays", seed, patches, size: edge }
  const complete = beginMiniature(folder, facts)
  const scenery = drawScenery(seed, OWN_CLASSES.length)
  const nomenclature = ownNomenclature(OWN_CLASSES)
  const names = Array.from({ length: patches }, (_, i) => `item-${String(i).padStart(5, "0")}`)
  const file = join(folder, "images.npy")
  const header = npyHeader("|u1", [patches, edge, edge, 3])
  const bytes = edge * edge * 3
  if (!complete && !existsSync(file)) {
    writeFileSync(file, header)
    // As long as it will be: whoever reads an item while the next are drawn finds what the header says.
    truncateSync(file, header.length + patches * bytes)
  }
  const write = (i: number, set: ReadonlyArray<number>) => {
    const fd = openSync(file, "r+")
    const at = header.length + i * bytes
    try {
      if (!isWritten(fd, at, bytes)) writeSync(fd, drawPicture(scenery, seed, i, set, edge, edge).data, 0, bytes, at)
    } finally {
      closeSync(fd)
    }
  }
  return {
    count: patches,
    complete,
    make: (i) => {
      const set = setOf(scenery, seed, i)
      if (!complete) write(i, set)
      return {
        kind: "reference",
        archive: "arrays",
        name: names[i],
        folder,
        files: { images: "images.npy" },
        facts: { row: String(i), layout: "hwc", bands: JSON.stringify(RGB_BANDS) },
        labels: set.map((index) => OWN_CLASSES[index]),
        nomenclature,
        split: undefined
      }
    },
    finish: () => {
      if (complete) return
      const rows = names.map((name, i) => {
        const set = setOf(scenery, seed, i)
        return { name, labels: Uint8Array.from(OWN_CLASSES, (_, c) => (set.includes(c) ? 1 : 0)) }
      })
      const header = OWN_CLASSES.map((name) => (name.includes(",") ? `"${name}"` : name))
      writeFileAtomic(join(folder, "labels.csv"), table("name", header, rows))
      finishMiniature(folder, facts)
    }
  }
}
