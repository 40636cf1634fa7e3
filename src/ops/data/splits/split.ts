import { join } from "node:path"
import { Effect, Stream } from "effect"
import { attempt } from "../../../pipeline/attempt.ts"
import { operator } from "../../../pipeline/operator.ts"
import { choice, Fraction, optional, Probability, param, Seed } from "../../../pipeline/param.ts"
import { PatchRef } from "../../elements.ts"
import { DataError } from "../../formats/data-error.ts"
import { writeFileAtomic } from "../../formats/files.ts"
import { Run } from "../../run.ts"
import { fileFault } from "../file-access.ts"
import { byArchive, byLists, type Divided, drawn, SPLITS } from "./division.ts"
import { ListFiles, readLists } from "./list-files.ts"
import { splitFileText } from "./name-lists.ts"

/** The original's share of validation patches. */
const VAL = 0.1

/**
 * Splits an archive: by a random draw as the original does for UCM and WHDLD (`draw`), by the archive's own split
 * (`archive`), or by lists of names (`lists`). Holds every reference in memory, no pixels.
 */
export const split = operator({
  name: "split",
  about: "Splits patches into training, validation and test; writes train.csv, val.csv and test.csv.",
  from: PatchRef,
  to: PatchRef,
  params: {
    by: param(
      choice("draw", "archive", "lists"),
      "`draw` draws shares at random, `archive` uses the archive's own split, `lists` uses files of names.",
      "draw"
    ),
    seed: param(Seed, "Seed of numpy's legacy generator.", 24),
    train: param(Fraction, "Share of training patches, if the split is drawn.", 0.7),
    val: optional(
      Probability,
      "Share of validation patches; default 0.1 with `by: draw`, 0 with `by: archive` if the archive has none."
    ),
    lists: optional(
      ListFiles,
      "Files of names under `root_dir`, one name per line, in the first column: train, val, test."
    ),
    missing: param(choice("fail", "skip"), "What to do if a name in a list has no patch.", "fail")
  },
  run:
    ({ by, lists, missing, seed, train, val }, self) =>
    (references) =>
      Stream.unwrap(
        Effect.gen(function* () {
          const run = yield* Run
          const listed =
            by === "lists" ? yield* attempt(DataError)(() => readLists(run.root, lists, ["split", "lists"])) : {}
          const all = yield* Stream.runCollect(references)
          const divided = yield* attempt(DataError)((): Divided => {
            if (by === "lists") return byLists(all, listed, missing)
            return by === "archive" ? byArchive(all, seed, val ?? 0) : drawn(all, seed, train, val ?? VAL)
          })
          for (const note of divided.notes) yield* run.say(`split: ${note}`)
          for (const part of SPLITS) {
            const file = join(run.root, `${part}.csv`)
            const names = divided.references.filter((ref) => ref.split === part).map(({ name }) => name)
            yield* fileFault(file, () => writeFileAtomic(file, splitFileText(names)))
            yield* run.wrote(file)
          }
          self.expect(divided.references.length)
          return Stream.rechunk(Stream.fromIterable(divided.references), 1)
        })
      )
})
