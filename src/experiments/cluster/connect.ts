/** The database of a cluster: durable queues, and a table of the workers. */
import { Cause, Effect, Layer } from "effect"
import { PersistedQueue } from "effect/persistence"
import type { SqlClient } from "effect/sql"
import type { Address } from "../../ops/postgres/address.ts"
import { client, failing } from "../../ops/postgres/client.ts"
import { RunError } from "../run-error.ts"

/** Tables of the cluster begin with this. */
export const QUEUE_TABLE = "orbitrank_queue"

/** Milliseconds after which a silent worker counts as gone, and its range is given to another one. */
const SETTINGS = {
  tableName: QUEUE_TABLE,
  pollInterval: "250 millis",
  lockRefreshInterval: "5 seconds",
  lockExpiration: "20 seconds"
} as const

/** What a cluster uses of its database. */
type Services = PersistedQueue.PersistedQueueFactory | SqlClient.SqlClient

/** Queues and tables in the database. Fails with one message if it cannot be used. */
export const database = (address: Address): Layer.Layer<Services, RunError> => {
  const queues = PersistedQueue.layer.pipe(Layer.provide(PersistedQueue.layerStoreSql(SETTINGS)))
  return failing(Layer.provideMerge(queues, client(address, "clusters", RunError)), address, RunError)
}

/** Repeats what the database does not do while it is away. */
export const persistently = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, never, R> =>
  Effect.catchCause(effect, (cause) =>
    Cause.hasInterruptsOnly(cause)
      ? Effect.failCause(cause as Cause.Cause<never>)
      : Effect.andThen(Effect.sleep("1 second"), persistently(effect))
  )
