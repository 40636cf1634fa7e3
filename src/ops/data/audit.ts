import { existsSync } from "node:fs"
import { join, resolve } from "node:path"
import { Effect, Result, Stream } from "effect"
import { source } from "../../pipeline/operator.ts"
import { choice, Flag, Name, optional, PositiveInt, param } from "../../pipeline/param.ts"
import { Audit, type Finding } from "../elements.ts"
import { Run } from "../run.ts"
import { finding } from "./archive/kind.ts"
import { ArchiveSchema } from "./archive-choice.ts"
import { ARCHIVE_NAMES, AUTO, type Opened, openArchive } from "./archives.ts"
import { copiesOf } from "./audit/copies.ts"
import { leakFrom } from "./audit/leak.ts"
import { type Looked, lookedAt } from "./audit/looking.ts"
import { listFindings, presenceFindings } from "./audit/names.ts"
import { PUBLISHED } from "./audit/published.ts"
import { differencesFrom, tallyOf } from "./audit/tally.ts"
import { attempt, DataError } from "./errors.ts"
import { dataFault } from "./files.ts"
import { ListFiles, readLists } from "./lists.ts"
import { nomenclatureOf } from "./nomenclatures.ts"

/** Patches of BigEarthNet v1 are counted under the 19 classes that they are used by. */
const auditedAs = ({ nomenclature }: Opened) => (nomenclature.name === "43" ? nomenclatureOf("19") : nomenclature)

const noStore = (path: string): void => {
  if (!existsSync(join(path, "data.mdb"))) return
  throw new DataError({
    subject: path,
    problem: "is a store, which says nothing of splits and files",
    remedy: "Audit the archive that it was made from; `configs/inspect.yaml` looks into stores"
  })
}

/** Patches between two words of progress. */
const NOTED = 1000

/** Findings of the archive's reader and our own; each once. */
const together = (findings: ReadonlyArray<Finding>): ReadonlyArray<Finding> => {
  const order = ["fail", "warn", "note"]
  const first = new Map(findings.map((one) => [one.what, one]))
  return [...first.values()].sort((a, b) => order.indexOf(a.severity) - order.indexOf(b.severity))
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
    kind: param(choice(AUTO, ...ARCHIVE_NAMES), "What the archive is; `auto` tells by what the folder holds.", AUTO),
    archive: optional(ArchiveSchema, "How else it is read: parameters of the operator `archive`."),
    pixels: param(Flag, "Whether all bands are decoded, to find damage and copies; reads every file.", true),
    lists: optional(
      ListFiles,
      "Files of names for the splits, where they are not the archive's own: train, val, test."
    ),
    v1: optional(ListFiles, "BigEarthNet v2 only: v1's official lists, to find what they have in common."),
    concurrency: param(PositiveInt, "Patches decoded at a time.", 4)
  },
  run: ({ archive, concurrency, from, kind, lists, pixels, v1 }, self) =>
    Stream.fromEffect(
      Effect.gen(function* () {
        const { root } = yield* Run
        const path = resolve(root, from)
        yield* attempt(() => noStore(path))
        const named = lists === undefined ? undefined : yield* attempt(() => readLists(root, lists))
        const leak = v1 === undefined ? undefined : leakFrom(yield* attempt(() => readLists(root, v1)))
        const opened = yield* dataFault(() => openArchive(path, { kind, ...archive }, !pixels))
        self.expect(1)
        const to = auditedAs(opened)
        const published = PUBLISHED[opened.kind]
        const tally = tallyOf(to.classes, published)
        const copies = copiesOf()
        const bad: Array<string> = []
        const see = (result: Result.Result<Looked, DataError>): void => {
          if (Result.isFailure(result)) {
            bad.push(result.failure.message)
            return
          }
          const { labels, raw, reference } = result.success
          const { facts, name, split } = reference
          tally.count({ name, split, labels, country: facts.country })
          leak?.see(reference)
          if (raw !== undefined) copies.see(raw)
        }
        const total = opened.names.length
        let seen = 0
        yield* lookedAt({ opened, to, lists: named, pixels, concurrency }).pipe(
          Stream.runForEach((result) =>
            Effect.sync(() => {
              see(result)
              if (++seen % NOTED === 0) self.note?.(`${seen} of ${total} patches`)
            })
          )
        )
        const presence =
          opened.onDisk === undefined ? [] : presenceFindings(opened.names, yield* dataFault(opened.onDisk))
        const counts = tally.counts()
        return {
          kind: "audit",
          path,
          archive: opened.kind,
          nomenclature: to.name,
          ...counts,
          findings: together([
            ...opened.findings,
            ...presence,
            ...(named === undefined ? [] : listFindings(named, opened.names)),
            ...finding("patches cannot be read", bad, "fail", "Get these files anew, or leave them out"),
            ...tally.findings(),
            ...copies.findings(),
            ...(leak?.findings() ?? [])
          ]),
          published:
            published === undefined
              ? undefined
              : {
                  source: published.source,
                  patches: published.patches,
                  differences: differencesFrom(published, counts)
                },
          leak: leak?.table(),
          pixels
        } satisfies Audit
      })
    )
})
