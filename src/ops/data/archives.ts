/** The kinds of archives that are read. A new one is a file in `archive/` and a line here. */
import type { PatchRef, RawPatch } from "../elements.ts"
import { aid } from "./archive/aid.ts"
import { bigearthnet } from "./archive/bigearthnet.ts"
import type { ArchiveKind } from "./archive/kind.ts"
import { ucm } from "./archive/ucm.ts"
import { whdld } from "./archive/whdld.ts"

const KINDS = { bigearthnet, ucm, aid, whdld } as const satisfies Readonly<Record<string, ArchiveKind>>

export type ArchiveName = keyof typeof KINDS
export const ARCHIVE_NAMES = Object.keys(KINDS) as ReadonlyArray<ArchiveName>

export const archiveKind = (name: ArchiveName): ArchiveKind => KINDS[name]

/**
 * Reads the bands of a patch, by the kind of its archive.
 *
 * @returns rejects with DataError naming file and band where one is missing, damaged, or of another size or dtype
 */
export const decodePatch = (reference: PatchRef): Promise<RawPatch> => {
  const kind: ArchiveKind | undefined = KINDS[reference.archive as ArchiveName]
  if (kind === undefined) throw new Error(`no kind of archive is called ${reference.archive}`)
  return kind.decode(reference)
}
