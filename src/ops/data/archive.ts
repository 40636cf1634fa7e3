import { resolve } from "node:path"
import { Effect, Stream } from "effect"
import { source } from "../../pipeline/operator.ts"
import { choice, Name, param } from "../../pipeline/param.ts"
import { PatchRef } from "../elements.ts"
import { Run } from "../run.ts"
import { listBigEarthNet, readReference } from "./archive/bigearthnet.ts"
import { mapGood, onBadPatch } from "./bad-patches.ts"
import { dataFault } from "./files.ts"

/** Label files that are read ahead. */
const CONCURRENCY = 4

/** Lists an archive that is there, in the order of its patches' names. */
export const archive = source({
  name: "archive",
  about: "Lists the patches of an unpacked archive, with their class names.",
  to: PatchRef,
  params: {
    kind: param(choice("bigearthnet"), "What the archive is: `bigearthnet` is version 1.", "bigearthnet"),
    path: param(Name, "Its folder; under `root_dir` unless it is absolute."),
    on_bad_patch: onBadPatch
  },
  run: ({ path, on_bad_patch }, self) =>
    Stream.unwrap(
      Effect.gen(function* () {
        const { root } = yield* Run
        const folder = resolve(root, path)
        const names = yield* dataFault(() => listBigEarthNet(folder))
        self.expect(names.length)
        return Stream.fromIterable(names).pipe(
          Stream.rechunk(1),
          mapGood(
            "archive",
            on_bad_patch,
            CONCURRENCY,
            (name) => name,
            (name) => dataFault(() => readReference(folder, name))
          )
        )
      })
    )
})
