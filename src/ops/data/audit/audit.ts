import { existsSync } from "node:fs"
import { join, resolve } from "node:path"
import { Effect, Result, Stream } from "effect"
import { attempt } from "../../../pipeline/attempt.ts"
import { source } from "../../../pipeline/operator.ts"
import { Flag, Name, optional, PositiveInt, param } from "../../../pipeline/param.ts"
import { Audit, type Finding } from "../../elements.ts"
import { DataError } from "../../formats/data-error.ts"
import { isStoreFile } from "../../formats/lmdb/guard.ts"
import { Run } from "../../run.ts"
import { ArchiveSchema, KindSchema } from "../archives/archive.ts"
import { dataSetOf } from "../archives/list.ts"
import { classListOf, nomenclatureOf } from "../archives/nomenclatures.ts"
import { type ArchiveChoice, AUTO, type OpenArchive, openArchive } from "../archives/open-archive.ts"
import { finding } from "../archives/shared/findings.ts"
import { dataFault } from "../file-access.ts"
import { nodataParameter } from "../patches/image-parameters.ts"
import type { NodataValue } from "../patches/reading/nodata.ts"
import type { Lists } from "../splits/division.ts"
import { ListFiles, readLists } from "../splits/list-files.ts"
import { type Copies, copiesOf } from "./copies.ts"
import { type Leak, leakFrom } from "./leak.ts"
import { type Looked, lookedAt } from "./look-at-patches.ts"
import { listFindings, presenceFindings } from "./name-findings.ts"
import { type PixelFindings, pixelFindings } from "./pixel-findings.ts"
import { differencesFrom, type Tally, tallyOf } from "./tally.ts"

/** Patches of BigEarthNet v1 are counted under the 19 classes that they are used by. */
const auditedAs = ({ nomenclature }: OpenArchive) => (nomenclature.name === "43" ? nomenclatureOf("19") : nomenclature)

const noStore = (path: string): void => {
  if (!existsSync(join(path, "data.mdb")) && !isStoreFile(path)) return
  throw new DataError({
    subject: path,
    problem: "is a store, which says nothing of splits and files",
    remedy: "Audit the archive that it was made from; `configs/inspect.yaml` looks into stores"
  })
}

/** An archive, and the names of the patches that have files where opening has not looked for them. */
interface Audited extends OpenArchive {
  readonly there: ReadonlyArray<string> | undefined
}

/**
 * Opens what is to be audited.
 *
 * @returns rejects with DataError; one that says so, where the labels alone could be audited
 */
const openAudited = async (path: string, choice: ArchiveChoice, pixels: boolean): Promise<Audited> => {
  try {
    const opened = await openArchive(path, choice, !pixels)
    return { ...opened, there: await opened.onDisk?.() }
  } catch (fault) {
    if (!pixels || !(fault instanceof DataError)) throw fault
    const labelled = await openArchive(path, choice, true).catch(() => undefined)
    if (labelled === undefined) throw fault
    const { cause, problem, remedy, subject } = fault
    throw new DataError({ subject, problem, remedy: `${remedy}; \`pixels=false\` audits the labels alone`, cause })
  }
}

/** Patches between two words of progress. */
const NOTED = 1000

/** Findings of the archive's reader and our own; each once, as the reader has it, which knows the files. */
const eachOnce = (findings: ReadonlyArray<Finding>): ReadonlyArray<Finding> => {
  const order = ["fail", "warn", "note"]
  const first = new Map<string, Finding>()
  for (const one of findings) if (!first.has(one.what)) first.set(one.what, one)
  return [...first.values()].sort((a, b) => order.indexOf(a.severity) - order.indexOf(b.severity))
}

/** What is counted while patches pass. */
interface Seen {
  readonly tally: Tally
  readonly copies: Copies
  readonly pixels: PixelFindings
  readonly leak: Leak | undefined
  /** Why patches cannot be read. */
  readonly bad: Array<string>
}

const seenOf = (
  { nomenclature }: OpenArchive,
  classes: ReadonlyArray<string>,
  leak: Leak | undefined,
  nodata: NodataValue | undefined
): Seen => ({
  tally: tallyOf(classes, classListOf(nomenclature)),
  copies: copiesOf(),
  pixels: pixelFindings(nodata),
  leak,
  bad: []
})

const see = ({ bad, copies, leak, pixels, tally }: Seen, result: Result.Result<Looked, DataError>): void => {
  if (Result.isFailure(result)) {
    // An example in a list, which has a stop of its own at its end.
    bad.push(result.failure.message.replace(/\.$/, ""))
    return
  }
  const { labels, raw, reference } = result.success
  const { facts, name, split } = reference
  tally.count({ name, split, labels, country: facts.country })
  leak?.see(reference)
  if (raw === undefined) return
  copies.see(raw)
  pixels.see(raw)
}

const findingsOf = (
  { bad, copies, leak, pixels, tally }: Seen,
  { findings, names, there }: Audited,
  lists: Lists | undefined
): ReadonlyArray<Finding> =>
  eachOnce([
    ...findings,
    ...(there === undefined ? [] : presenceFindings(names, there)),
    ...(lists === undefined ? [] : listFindings(lists, names)),
    ...finding("patches cannot be read", bad, "fail", "Get these files anew, or leave them out"),
    ...tally.findings(),
    ...pixels.findings(),
    ...copies.findings(),
    ...(leak?.findings() ?? [])
  ])

/** The counts beside those that were published of such an archive, where any are known. */
const comparedWith = (kind: OpenArchive["kind"], counts: ReturnType<Tally["counts"]>): Audit["published"] => {
  const known = dataSetOf(kind).published
  if (known === undefined) return undefined
  return { source: known.source, patches: known.patches, differences: differencesFrom(known, counts) }
}

/**
 * Looks through an archive: counts per class, split and country, statistics of label sets, everything that a reader would
 * refuse or report, and with `pixels` every band decoded, so that damage and copies are found. Changes nothing.
 */
export const audit = source({
  name: "audit",
  about:
    "Counts an archive's classes, splits and label sets, sets them beside the published counts, and lists findings.",
  to: Audit,
  params: {
    from: param(Name, "The archive's folder; under `root_dir` unless it is absolute."),
    kind: param(KindSchema, "What the archive is; `auto` tells by what the folder holds.", AUTO),
    archive: optional(ArchiveSchema, "How else it is read: parameters of the operator `archive`."),
    pixels: param(Flag, "Whether all bands are decoded, to find damage and copies; reads every file.", true),
    nodata: nodataParameter,
    lists: optional(
      ListFiles,
      "Files of names for the splits, where they are not the archive's own: train, val, test."
    ),
    v1: optional(ListFiles, "BigEarthNet v2 only: v1's official lists, to find what they have in common."),
    concurrency: param(PositiveInt, "Patches decoded at a time.", 4)
  },
  run: ({ archive, concurrency, from, kind, lists, nodata, pixels, v1 }, self) =>
    Stream.fromEffect(
      Effect.gen(function* () {
        const { root } = yield* Run
        const path = resolve(root, from)
        yield* attempt(DataError)(() => noStore(path))
        const named =
          lists === undefined ? undefined : yield* attempt(DataError)(() => readLists(root, lists, ["audit", "lists"]))
        const leak =
          v1 === undefined ? undefined : leakFrom(yield* attempt(DataError)(() => readLists(root, v1, ["audit", "v1"])))
        const opened = yield* dataFault(() => openAudited(path, { kind, ...archive }, pixels))
        self.expect(1)
        const to = auditedAs(opened)
        const seen = seenOf(opened, to.classes, leak, nodata)
        const total = opened.names.length
        let looked = 0
        yield* lookedAt({ opened, to, lists: named, pixels, concurrency }).pipe(
          Stream.runForEach((result) =>
            Effect.sync(() => {
              see(seen, result)
              if (++looked % NOTED === 0) self.note?.(`${looked} of ${total} patches`)
            })
          )
        )
        const counts = seen.tally.counts()
        return {
          kind: "audit",
          path,
          archive: opened.kind,
          nomenclature: to.name,
          ...counts,
          findings: findingsOf(seen, opened, named),
          published: comparedWith(opened.kind, counts),
          leak: leak?.table(),
          pixels
        } satisfies Audit
      })
    )
})
