import { resolve } from "node:path"
import { Effect, Schema, Stream } from "effect"
import { source } from "../../../pipeline/operator.ts"
import {
  choice,
  listOf,
  Name,
  NonNegativeInt,
  optional,
  type Plain,
  PositiveInt,
  param
} from "../../../pipeline/param.ts"
import { PatchRef } from "../../elements.ts"
import { DataError } from "../../formats/data-error.ts"
import { Run } from "../../run.ts"
import { dataFault } from "../file-access.ts"
import { mapGood, onBadPatch } from "../patches/bad-patches.ts"
import { DATA_SET_NAMES } from "./list.ts"
import { type ArchiveChoice, AUTO, openArchive } from "./open-archive.ts"
import { type Finding, findingText } from "./shared/findings.ts"

/** Schema of a parameter that says how an archive is read, for other operators that read one. */
export const ArchiveSchema: Plain<Omit<ArchiveChoice, "kind">> = Schema.Struct({
  labels: Schema.optionalKey(Name),
  s1: Schema.optionalKey(Name),
  maps: Schema.optionalKey(Name),
  mask_threshold: Schema.optionalKey(NonNegativeInt),
  bands: Schema.optionalKey(listOf(Name)),
  facts: Schema.optionalKey(listOf(Name)),
  layout: Schema.optionalKey(choice("hwc", "chw")),
  max_values: Schema.optionalKey(PositiveInt)
})

/** Schema of a parameter that names a data set, or `auto`. */
export const KindSchema = choice(AUTO, ...DATA_SET_NAMES)

/** Label files that are read ahead. */
const CONCURRENCY = 4

/** Fails if patches are unusable, unless they are to be skipped; reports all other findings. */
const report = Effect.fnUntraced(function* (folder: string, findings: ReadonlyArray<Finding>, policy: "fail" | "skip") {
  const { record, say } = yield* Run
  const failing = findings.filter(({ severity }) => severity === "fail")
  if (failing.length > 0 && policy === "fail") {
    return yield* new DataError({
      subject: folder,
      problem: failing.map(findingText).join("; "),
      remedy: failing[0].remedy
    })
  }
  for (const one of findings) {
    yield* say(`archive: ${findingText(one)}. ${one.remedy}.`)
  }
  yield* record("findings.archive", findings.length > 0 ? findings : undefined)
})

/** Lists the patches of an archive in its own order: that of its table of labels, or of its patches' names. */
export const archive = source({
  name: "archive",
  about: "Lists the patches of an unpacked archive, with their class names.",
  to: PatchRef,
  params: {
    kind: param(KindSchema, "Data set of the archive; `auto` detects it by what the folder holds.", AUTO),
    path: param(Name, "Its folder (for `parquet` also a file); relative to `root_dir`."),
    labels: optional(
      Name,
      "File of labels (for MLRSNet a folder), if it has an unusual name; relative to the archive's folder. For `parquet`, the column of labels."
    ),
    s1: optional(Name, "Folder of the Sentinel-1 patches that are read together with those of Sentinel-2."),
    maps: optional(Name, "Folder of the reference maps (BigEarthNet v2), which are read as a band `reference_map`."),
    mask_threshold: param(NonNegativeInt, "Labels from masks: a class counts if it has more pixels than this.", 0),
    bands: optional(listOf(Name), "Names of the bands of your own images (`folder`, `arrays`)."),
    facts: optional(
      listOf(Name),
      "Columns of your own table (`folder`) that are facts, not classes, although they hold 0 and 1."
    ),
    layout: param(choice("hwc", "chw"), "Position of the channels in your own `arrays`: last or first.", "hwc"),
    max_values: optional(
      PositiveInt,
      "Largest number of values (rows x columns x bands) of one image: 67,108,864 by default. Larger images are bad patches."
    ),
    on_bad_patch: onBadPatch
  },
  run: ({ path, labels, s1, maps, bands, facts, max_values, on_bad_patch, ...rest }, self) =>
    Stream.unwrap(
      Effect.gen(function* () {
        const { root, say } = yield* Run
        const folder = resolve(root, path)
        const given = { labels, s1, maps, bands, facts, max_values }
        const named = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined))
        const { findings, kind, names, reference } = yield* dataFault(() => openArchive(folder, { ...rest, ...named }))
        if (rest.kind === AUTO) yield* say(`archive: ${folder} looks like ${kind}`)
        yield* report(folder, findings, on_bad_patch)
        self.expect(names.length)
        return Stream.fromIterable(names).pipe(
          Stream.rechunk(1),
          mapGood(
            "archive",
            on_bad_patch,
            CONCURRENCY,
            (name) => name,
            (name) => dataFault(() => reference(name))
          )
        )
      })
    )
})
