/** The archives of pictures that have a miniature: a file in `archives/` and a line here. */
import { aid } from "./archives/aid.ts"
import { dfc15 } from "./archives/dfc15.ts"
import { dlrsd } from "./archives/dlrsd.ts"
import { eurosat, eurosatMs } from "./archives/eurosat.ts"
import { folder } from "./archives/folder.ts"
import { mlrsnet } from "./archives/mlrsnet.ts"
import { ucm } from "./archives/ucm.ts"
import { whdld } from "./archives/whdld.ts"
import type { PictureArchive } from "./pictures.ts"

export const PICTURE_ARCHIVES = {
  ucm,
  aid,
  whdld,
  dlrsd,
  dfc15,
  mlrsnet,
  eurosat,
  "eurosat-ms": eurosatMs,
  folder
} as const satisfies Readonly<Record<string, PictureArchive>>
export type PictureArchiveName = keyof typeof PICTURE_ARCHIVES
