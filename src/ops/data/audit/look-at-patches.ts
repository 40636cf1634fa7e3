/** Reads the patches of an archive one by one: their labels and, if wanted, their pixels. */
import { Effect, Result, Stream } from "effect"
import type { Nomenclature, PatchRef, RawPatch } from "../../elements.ts"
import { DataError } from "../../formats/data-error.ts"
import { translateLabels } from "../archives/nomenclatures.ts"
import { decodePatch, type OpenArchive } from "../archives/open-archive.ts"
import { listedBy } from "../archives/shared/image-files.ts"
import { type Lists, splitsByStem } from "../splits/division.ts"

/** What is read of each patch. */
export interface Looking {
  readonly opened: OpenArchive
  /** The classes of the labels. */
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
  /** All bands, if pixels are read. */
  readonly raw: RawPatch | undefined
  /** What was unusual about files that were read nevertheless. */
  readonly notes: ReadonlyArray<string>
}

/** Labels alone are cheap, so many patches are one step. */
const PATCHES_PER_STEP = { labels: 1024, pixels: 1 }

/** Sets the split of a patch by the lists, if there are any. */
const dividedBy = (lists: Lists | undefined, names: ReadonlyArray<string>): ((reference: PatchRef) => PatchRef) => {
  if (lists === undefined) return (reference) => reference
  const stemOf = listedBy(names)
  const parts = splitsByStem(lists, stemOf)
  return (reference) => ({ ...reference, split: parts.get(stemOf(reference.name)) })
}

/**
 * Reads every patch in the archive's order, or the reason why it cannot be used. Holds the pixels of at most `concurrency`
 * patches.
 */
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
    const notes: Array<string> = []
    const raw = pixels ? await decodePatch(reference, (text) => notes.push(text)) : undefined
    return { reference, labels, raw, notes }
  }
  const tried = async (name: string): Promise<Result.Result<Looked, DataError>> => {
    try {
      return Result.succeed(await lookAt(name))
    } catch (cause) {
      if (cause instanceof DataError) return Result.fail(cause)
      throw cause
    }
  }
  // One after the other, so that few label files are open at once.
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
