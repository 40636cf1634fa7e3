import { join } from "node:path"
import { Effect, Stream } from "effect"
import { source } from "../../pipeline/operator.ts"
import { choice, Name, optional, PositiveInt, param, Seed } from "../../pipeline/param.ts"
import { PatchRef } from "../elements.ts"
import { Run } from "../run.ts"
import { fileFault } from "./files.ts"
import { type Miniature, openMiniature } from "./miniature/archive.ts"

const references = ({ count, make, finish }: Miniature, folder: string) =>
  Stream.range(0, count - 1).pipe(
    Stream.rechunk(1),
    Stream.mapEffect((i) => fileFault(folder, () => make(i))),
    Stream.concat(Stream.drain(Stream.fromEffect(fileFault(folder, finish))))
  )

/** Makes a small archive with real files, so that everything after it is tried without a download. */
export const miniature = source({
  name: "miniature",
  about: "Makes a miniature archive of drawn patches: learnable, not trivial, the same for the same seed.",
  to: PatchRef,
  params: {
    kind: param(choice("bigearthnet"), "Archive whose layout it has.", "bigearthnet"),
    patches: param(PositiveInt, "How many patches.", 1400),
    seed: optional(Seed, "Seed of everything in it; by default the run's."),
    to: param(Name, "Folder under `root_dir`.", "miniature")
  },
  run: ({ patches, seed, to }, self) =>
    Stream.unwrap(
      Effect.gen(function* () {
        const run = yield* Run
        const folder = join(run.root, to)
        const options = { seed: seed ?? run.seed, patches }
        const opened = yield* fileFault(folder, () => openMiniature(folder, options))
        if (opened.complete) yield* run.say(`miniature: ${folder} is there already`)
        self.expect(patches)
        return references(opened, folder)
      })
    )
})
