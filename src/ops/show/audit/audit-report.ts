import { join } from "node:path"
import { Effect, Stream } from "effect"
import { operator } from "../../../pipeline/operator.ts"
import { Audit } from "../../elements.ts"
import { writeFileAtomic } from "../../formats/files.ts"
import { portable } from "../../formats/portable.ts"
import { Run } from "../../run.ts"
import { touching } from "../show-error.ts"
import { auditPage } from "./audit-page.ts"
import { auditText } from "./audit-text.ts"

const publish = Effect.fnUntraced(function* (audit: Audit) {
  const { experiment, folder, record, say, wrote } = yield* Run
  const { kind: _, ...counts } = audit
  const files = [
    ["audit.json", `${JSON.stringify(counts, null, 2)}\n`],
    ["audit.html", auditPage(experiment, audit)]
  ] as const
  for (const [name, content] of files) {
    const path = join(folder, name)
    yield* touching(path, () => writeFileAtomic(path, content))
    yield* wrote(path)
  }
  yield* record("audit", counts)
  for (const line of auditText(audit)) yield* say(line)
  yield* say(`page: ${portable(join(folder, "audit.html"))}`)
})

/** Publishes an audit: prints a table, and writes `audit.json`, `audit.html` and the run record. */
export const auditReport = operator({
  name: "audit-report",
  about: "Prints the counts and findings of an audit, and writes them as audit.json and as a page, audit.html.",
  from: Audit,
  to: Audit,
  params: {},
  declares: { shares: () => ["audit.json", "audit.html"] },
  run: () => (audits) => Stream.tap(audits, publish)
})
