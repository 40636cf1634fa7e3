/** A miniature of an archive of arrays: `images.npy` written picture by picture, and `labels.csv`. */
import { closeSync, existsSync, openSync, readSync, truncateSync, writeFileSync, writeSync } from "node:fs"
import { join } from "node:path"
import { writeFileAtomic } from "../../../formats/files.ts"
import { npyHeader } from "../../../formats/npy.ts"
import { beginMiniature, finishMiniature } from "../../miniature/manifest.ts"
import { drawPicture, drawScenery, setOf } from "../../miniature/picture.ts"
import { OWN_CLASSES, ownHeader, tableText } from "../../miniature/picture-files.ts"
import { RGB_BANDS } from "../../patches/bands.ts"
import type { MiniatureMaker } from "../data-set.ts"
import { multiHot, ownClasses } from "../shared/class-list.ts"

export const classes = ownClasses(OWN_CLASSES)

const EDGE = 64

/** Whether an item has been written: a drawn picture is never all black. */
const isWritten = (fd: number, at: number, length: number): boolean => {
  const bytes = Buffer.alloc(length)
  return readSync(fd, bytes, 0, length, at) === length && bytes.some((value) => value > 0)
}

/** @throws DataError if the folder holds anything else */
export const open: MiniatureMaker["open"] = (name, folder, { patches, seed, size }) => {
  const edge = size ?? EDGE
  const facts = { kind: name, seed, patches, size: edge }
  const complete = beginMiniature(folder, facts)
  const scenery = drawScenery(seed, OWN_CLASSES.length)
  const names = Array.from({ length: patches }, (_, i) => `item-${String(i).padStart(5, "0")}`)
  const file = join(folder, "images.npy")
  const header = npyHeader("|u1", [patches, edge, edge, 3])
  const bytes = edge * edge * 3
  if (!complete && !existsSync(file)) {
    writeFileSync(file, header)
    // The final length at once: whoever reads an item while the next are drawn finds the size that the header promises.
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
    complete,
    make: (i) => {
      const set = setOf(scenery, seed, i)
      if (!complete) write(i, set)
      return {
        name: names[i],
        folder,
        files: { images: "images.npy" },
        facts: { row: String(i), layout: "hwc", bands: JSON.stringify(RGB_BANDS) },
        labels: set.map((index) => OWN_CLASSES[index])
      }
    },
    finish: () => {
      if (complete) return
      const rows = names.map((name, i) => ({ name, labels: multiHot(OWN_CLASSES.length, setOf(scenery, seed, i)) }))
      writeFileAtomic(join(folder, "labels.csv"), tableText("name", ownHeader, rows))
      finishMiniature(folder, facts)
    }
  }
}
