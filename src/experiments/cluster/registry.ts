/** The table of workers, by which a run says why nobody takes its ranges. Ages are by the database's clock. */
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import { WORKER } from "../command/command-line.ts"
import type { Fit } from "./fit.ts"

/** A worker as it reports itself. */
export interface WorkerRow extends Fit {
  readonly name: string
}

const create = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  yield* sql`CREATE TABLE IF NOT EXISTS orbitrank_worker (
    name TEXT PRIMARY KEY, program TEXT NOT NULL, folder TEXT NOT NULL, engine TEXT NOT NULL,
    seen TIMESTAMPTZ NOT NULL DEFAULT now())`.pipe(
    // Two processes that create one table at once: the second one finds it.
    Effect.catch((fault) =>
      Effect.as(sql`SELECT 1 FROM orbitrank_worker LIMIT 1`, undefined).pipe(Effect.mapError(() => fault))
    )
  )
  return sql
})

/** Opens the table. */
export const registry = Effect.map(create, (sql) => ({
  /** Says that a worker is there. */
  beat: ({ engine, folder, name, program }: WorkerRow) =>
    sql`INSERT INTO orbitrank_worker (name, program, folder, engine, seen)
      VALUES (${name}, ${program}, ${folder}, ${engine}, now())
      ON CONFLICT (name) DO UPDATE SET program = EXCLUDED.program, folder = EXCLUDED.folder, engine = EXCLUDED.engine, seen = now()`,
  leave: (name: string) => sql`DELETE FROM orbitrank_worker WHERE name = ${name}`,
  /** Workers that were there within the last 30 seconds. */
  present: sql<WorkerRow>`SELECT name, program, folder, engine FROM orbitrank_worker WHERE seen > now() - INTERVAL '30 seconds' ORDER BY name`
}))

/** Why none of some workers may work for a run, and the remedies, as sentences; undefined if one may. */
export const whyNobody = (workers: ReadonlyArray<WorkerRow>, fit: Fit): string | undefined => {
  if (workers.length === 0)
    return `no worker has reported to this database. Start one in the shared folder with \`${WORKER} --shared .\`.`
  const reasons = workers.map(({ engine, folder, name, program }) => {
    if (program !== fit.program)
      return `${name} runs another version of orbitrank or of its packages. Install the same ones there.`
    if (folder !== fit.folder)
      return `${name} shares another folder. Start it with the folder in which this run was started.`
    if (engine === fit.engine) return undefined
    if (fit.engine === "any")
      return `${name} was started without \`--any-engine\`. Start both with this option, or both without it.`
    return `${name} has another engine (${engine}, not ${fit.engine}). Use the same \`device\`, or \`--any-engine\` for both.`
  })
  return reasons.includes(undefined) ? undefined : reasons.join(" ")
}
