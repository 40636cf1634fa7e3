import { join } from "node:path"
import { Effect, Stream } from "effect"
import { operator } from "../../pipeline/operator.ts"
import { Fraction, Probability, param, Seed } from "../../pipeline/param.ts"
import { PatchRef, type Split } from "../elements.ts"
import { writeFileAtomic } from "../files.ts"
import { Run } from "../run.ts"
import { DataError } from "./errors.ts"
import { fileFault } from "./files.ts"
import { prepareStd } from "./splits.ts"

const divide = (refs: ReadonlyArray<PatchRef>, seed: number, train: number, val: number) => {
  const parts = prepareStd(refs.length, seed, train, val)
  const of = new Array<Split>(refs.length)
  for (const split of ["train", "val", "test"] as const) for (const i of parts[split]) of[i] = split
  return refs.map((ref, i): PatchRef => ({ ...ref, split: of[i] }))
}

/**
 * The original's preparation of UCM and WHDLD, for any archive: numpy's legacy generator draws the training images, then
 * the validation images; the rest is tested. Holds every reference, no pixels.
 */
export const split = operator({
  name: "split",
  about: "Divides patches into training, validation and test; writes train.csv, val.csv and test.csv.",
  from: PatchRef,
  to: PatchRef,
  params: {
    seed: param(Seed, "Seed of numpy's legacy generator.", 24),
    train: param(Fraction, "Share that trains.", 0.7),
    val: param(Probability, "Share of the whole that validates.", 0.1)
  },
  run:
    ({ seed, train, val }, self) =>
    (references) =>
      Stream.unwrap(
        Effect.gen(function* () {
          const run = yield* Run
          if (train + val > 1) {
            return yield* new DataError({
              subject: "split",
              problem: `train ${train} and val ${val} are more than the whole`,
              remedy: "Give shares whose sum is at most 1"
            })
          }
          const divided = divide(yield* Stream.runCollect(references), seed, train, val)
          for (const part of ["train", "val", "test"] as const) {
            const file = join(run.root, `${part}.csv`)
            const names = divided.filter((ref) => ref.split === part).map(({ name }) => `${name}\n`)
            yield* fileFault(file, () => writeFileAtomic(file, names.join("")))
            yield* run.wrote(file)
          }
          self.expect(divided.length)
          return Stream.rechunk(Stream.fromIterable(divided), 1)
        })
      )
})
