/** One run at a time in a folder, and whether it is under way, by a lock in the database. */
import { relative, resolve, sep } from "node:path"
import { Deferred, Effect, Schedule } from "effect"
import { SqlClient } from "effect/sql"
import { RunError } from "../run-error.ts"
import { persistently } from "./connect.ts"
import type { Fit } from "./fit.ts"

/** Name of the lock of a run folder: equal on all machines, wherever they mount the shared folder. */
const keyOf = (fit: Fit, shared: string, folder: string): string =>
  `orbitrank/${fit.folder}/${relative(shared, folder).split(sep).join("/")}`

/** Whether this connection has the lock. A machine that loses its power is noticed within half a minute. */
const LOCKING = `SELECT pg_try_advisory_lock(hashtextextended($1, 0)) AS held,
  set_config('tcp_keepalives_idle', '10', false), set_config('tcp_keepalives_interval', '5', false),
  set_config('tcp_keepalives_count', '3', false)`

/** Seconds for which the lock of a run that was just killed is waited for. */
const LOCK_PATIENCE = 5

/**
 * Lets one run at a time use a folder, by a lock in the database. The file `run.lock` does so, too, unless the clocks of two
 * machines are far apart. The lock ends with its connection, and is taken again when the database is back.
 */
export const soleAsker = (fit: Fit, folder: string) =>
  Effect.gen(function* () {
    const sql = yield* SqlClient.SqlClient
    const key = keyOf(fit, resolve("."), folder)
    const held = yield* Deferred.make<void, RunError>()
    const refused = new RunError({
      subject: folder,
      problem: "is in use by another run of this cluster",
      remedy: "Wait for it to end, or choose another folder with `--out`"
    })
    const hold = Effect.gen(function* () {
      const connection = yield* sql.reserve
      const taken = Effect.map(connection.execute(LOCKING, [key], undefined), ([row]) => row.held === true)
      for (let second = 0; !(yield* taken); second++) {
        if (second >= LOCK_PATIENCE) yield* Deferred.fail(held, refused)
        yield* Effect.sleep("1 second")
      }
      yield* Deferred.succeed(held, undefined)
      yield* connection.execute("SELECT 1", [], undefined).pipe(Effect.repeat(Schedule.spaced("5 seconds")))
    }).pipe(Effect.scoped)
    yield* hold.pipe(persistently, Effect.forever, Effect.forkScoped)
    yield* Deferred.await(held)
  })

/**
 * Whether a run is under way.
 *
 * @param shared the shared folder of this machine
 * @param folder the run folder
 */
export const isUnderWay = (fit: Fit, shared: string, folder: string) =>
  Effect.gen(function* () {
    const sql = yield* SqlClient.SqlClient
    // A lock that is free is freed again with this statement.
    const [{ free }] = yield* sql<{ readonly free: boolean }>`
      SELECT pg_try_advisory_xact_lock_shared(hashtextextended(${keyOf(fit, shared, folder)}, 0)) AS free`
    return !free
  }).pipe(persistently)
