import { resolve } from "node:path"
import { Effect, Stream } from "effect"
import { source } from "../../../pipeline/operator.ts"
import { choice, Name, optional, PositiveInt, param, Seed } from "../../../pipeline/param.ts"
import { PatchRef } from "../../elements.ts"
import { Run } from "../../run.ts"
import type { DataSet, MiniatureOptions } from "../archives/data-set.ts"
import { DATA_SETS } from "../archives/list.ts"
import { referenceOf } from "../archives/open-archive.ts"
import { promisedFile } from "../file-access.ts"
import { madePlaces } from "./on-threads.ts"

type FormOf<One> = One extends DataSet<infer Name, string, string, infer Variant> ? Name | `${Name}-${Variant}` : never

/** Value of `kind`: a data set, or another form of one. */
type Form = FormOf<(typeof DATA_SETS)[number]>

/** The forms of one data set, and how to load what makes them. */
const formsOf = ({ miniature, name, variants }: DataSet) => [
  [name, { name, load: miniature }] as const,
  ...Object.entries(variants).map(([variant, load]) => [`${name}-${variant}`, { name, load }] as const)
]

const FORMS = Object.fromEntries(DATA_SETS.flatMap((one: DataSet) => formsOf(one)))

/** Prepares a folder; patches are made by their number. */
const opened = async (form: Form, folder: string, options: MiniatureOptions) => {
  const { load, name } = FORMS[form]
  const { classes, open } = await load()
  const miniature = open(name, folder, options)
  const nomenclature = { name: classes.name, classes: classes.classes }
  const reference = async (i: number) => referenceOf(name, nomenclature, await miniature.make(i))
  return { miniature, reference }
}

/** Makes a small archive with real files, to try all other operators without a download. */
export const miniature = source({
  name: "miniature",
  about: "Makes a miniature archive of drawn patches: learnable, not trivial, the same for the same seed.",
  to: PatchRef,
  params: {
    kind: param(choice(...(Object.keys(FORMS) as ReadonlyArray<Form>)), "Data set whose layout it has.", "bigearthnet"),
    patches: param(PositiveInt, "Number of patches.", 1400),
    size: optional(
      PositiveInt,
      "Rows and columns of the pictures; by default the size in the data set. BigEarthNet's are fixed."
    ),
    seed: optional(Seed, "Seed of all random draws; by default that of the run."),
    to: param(Name, "Its folder; relative to `root_dir`.", "miniature")
  },
  run: ({ kind, patches, seed, size, to }, self) =>
    Stream.unwrap(
      Effect.gen(function* () {
        const run = yield* Run
        const folder = resolve(run.root, to)
        const options = { seed: seed ?? run.seed, patches, size }
        const { miniature, reference } = yield* promisedFile(folder, () => opened(kind, folder, options))
        if (miniature.complete) yield* run.say(`miniature: ${folder} already exists`)
        self.expect(patches)
        return madePlaces(miniature, patches).pipe(
          Stream.mapEffect((i) => promisedFile(folder, () => reference(i))),
          Stream.concat(Stream.drain(Stream.fromEffect(promisedFile(folder, async () => miniature.finish()))))
        )
      })
    )
})
