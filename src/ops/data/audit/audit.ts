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

/** BigEarthNet v1 is counted in its 19 classes, which are those that are used. */
const auditedAs = ({ nomenclature }: OpenArchive) => (nomenclature.name === "43" ? nomenclatureOf("19") : nomenclature)

const noStore = (path: string): void => {
  if (!existsSync(join(path, "data.mdb")) && !isStoreFile(path)) return
  throw new DataError({
    subject: path,
    problem: "is a store, which has no splits and files to audit",
    remedy: "Audit the archive that it was made from, or look into the store with `configs/inspect.yaml`"
  })
}

/** An archive, and the names of the patches that have files, if opening it has not checked that. */
interface Audited extends OpenArchive {
  readonly there: ReadonlyArray<string> | undefined
}

/**
 * Opens the archive to audit.
 *
 * @returns rejects with DataError, whose remedy mentions auditing the labels alone if that is possible
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

/** Patches between two reports of progress. */
const NOTED = 1000

/** Removes findings that occur twice; the reader's come first and stay, because it knows the files. */
const eachOnce = (findings: ReadonlyArray<Finding>): ReadonlyArray<Finding> => {
  const order = ["fail", "warn", "note"]
  const first = new Map<string, Finding>()
  for (const one of findings) if (!first.has(one.what)) first.set(one.what, one)
  return [...first.values()].sort((a, b) => order.indexOf(a.severity) - order.indexOf(b.severity))
}

/** The counts over the patches seen so far. */
interface Seen {
  readonly tally: Tally
  readonly copies: Copies
  readonly pixels: PixelFindings
  readonly leak: Leak | undefined
  /** Why patches cannot be read. */
  readonly bad: Array<string>
  /** What was unusual about files that were read nevertheless. */
  readonly unusual: Array<string>
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
  bad: [],
  unusual: []
})

const see = ({ bad, copies, leak, pixels, tally, unusual }: Seen, result: Result.Result<Looked, DataError>): void => {
  if (Result.isFailure(result)) {
    // Examples are joined to a list, which ends with its own full stop.
    bad.push(result.failure.message.replace(/\.$/, ""))
    return
  }
  const { labels, notes, raw, reference } = result.success
  const { facts, name, split } = reference
  tally.count({ name, split, labels, country: facts.country })
  leak?.see(reference)
  unusual.push(...notes)
  if (raw === undefined) return
  copies.see(raw)
  pixels.see(raw)
}

const findingsOf = (
  { bad, copies, leak, pixels, tally, unusual }: Seen,
  { findings, names, there }: Audited,
  lists: Lists | undefined
): ReadonlyArray<Finding> =>
  eachOnce([
    ...findings,
    ...(there === undefined ? [] : presenceFindings(names, there)),
    ...(lists === undefined ? [] : listFindings(lists, names)),
    ...finding("patches cannot be read", bad, "fail", "Get these files again, or leave them out"),
    ...finding("images have unusual files, which are read nevertheless", unusual, "note", "No step needs to change"),
    ...tally.findings(),
    ...pixels.findings(),
    ...copies.findings(),
    ...(leak?.findings() ?? [])
  ])

/** Compares the counts with the published ones, if any are known for such an archive. */
const comparedWith = (kind: OpenArchive["kind"], counts: ReturnType<Tally["counts"]>): Audit["published"] => {
  const known = dataSetOf(kind).published
  if (known === undefined) return undefined
  return { source: known.source, patches: known.patches, differences: differencesFrom(known, counts) }
}

/**
 * Examines an archive: counts per class, split and country, statistics of label sets, and everything that its reader refuses
 * or reports. With `pixels`, every band is decoded to find damage, copies, and pixels without data. Changes nothing.
 */
export const audit = source({
  name: "audit",
  about:
    "Counts an archive's classes, splits and label sets, compares them with the published counts, and lists findings.",
  to: Audit,
  params: {
    from: param(Name, "The archive's folder; under `root_dir` unless it is absolute."),
    kind: param(KindSchema, "The kind of the archive; `auto` detects it by the contents of the folder.", AUTO),
    archive: optional(ArchiveSchema, "Further parameters of the operator `archive`."),
    pixels: param(
      Flag,
      "Whether all bands are decoded, to find damage, copies and pixels without data; reads every file.",
      true
    ),
    nodata: nodataParameter,
    lists: optional(ListFiles, "Files of names for the splits, if they are not the archive's own: train, val, test."),
    v1: optional(
      ListFiles,
      "BigEarthNet v2 only: v1's official lists, to find test patches that were training patches in v1."
    ),
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
