/** Looking at the patches of an archive one by one: their labels, and their pixels where those are asked for. */
import { Effect, Result, Stream } from "effect"
import type { Nomenclature, PatchRef, RawPatch } from "../../elements.ts"
import { DataError } from "../../formats/data-error.ts"
import { translateLabels } from "../archives/nomenclatures.ts"
import { decodePatch, type OpenArchive } from "../archives/open-archive.ts"
import { listedBy } from "../archives/shared/image-files.ts"
import { type Lists, splitsByStem } from "../splits/division.ts"

/** What is to be seen of each patch. */
export interface Looking {
  readonly opened: OpenArchive
  /** The classes that labels are told by. */
  readonly to: Nomenclature
  /** Names per split, in place of the archive's own division. */
  readonly lists: Lists | undefined
  readonly pixels: boolean
  readonly concurrency: number
}

export interface Looked {
  readonly reference: PatchRef
  /** Multi-hot, uint8 [classes]. */
  readonly labels: Uint8Array
  /** All bands, where pixels are looked at. */
  readonly raw: RawPatch | undefined
}

/** Labels alone cost next to nothing, so that many patches are one step. */
const PATCHES_PER_STEP = { labels: 1024, pixels: 1 }

/** The split of each patch: by the lists, or the archive's own. */
const dividedBy = (lists: Lists | undefined, names: ReadonlyArray<string>): ((reference: PatchRef) => PatchRef) => {
  if (lists === undefined) return (reference) => reference
  const stemOf = listedBy(names)
  const parts = splitsByStem(lists, stemOf)
  return (reference) => ({ ...reference, split: parts.get(stemOf(reference.name)) })
}

/** Every patch in the archive's order, or why it cannot be used. Holds no more than `concurrency` patches' pixels. */
export const lookedAt = ({
  concurrency,
  lists,
  opened,
  pixels,
  to
}: Looking): Stream.Stream<Result.Result<Looked, DataError>> => {
  const divided = dividedBy(lists, opened.names)
  const lookAt = async (name: string): Promise<Looked> => {
    const reference = divided(await opened.reference(name))
    const labels = translateLabels(reference.labels, reference.nomenclature, to, name)
    return { reference, labels, raw: pixels ? await decodePatch(reference) : undefined }
  }
  const tried = async (name: string): Promise<Result.Result<Looked, DataError>> => {
    try {
      return Result.succeed(await lookAt(name))
    } catch (cause) {
      if (cause instanceof DataError) return Result.fail(cause)
      throw cause
    }
  }
  // One after the other: files of labels that are open at once stay few.
  const step = (names: ReadonlyArray<string>) =>
    Effect.promise(async () => {
      const results: Array<Result.Result<Looked, DataError>> = []
      for (const name of names) results.push(await tried(name))
      return results
    })
  return Stream.fromIterable(opened.names).pipe(
    Stream.grouped(pixels ? PATCHES_PER_STEP.pixels : PATCHES_PER_STEP.labels),
    Stream.rechunk(1),
    Stream.mapEffect(step, { concurrency }),
    Stream.flatMap(Stream.fromIterable)
  )
}
