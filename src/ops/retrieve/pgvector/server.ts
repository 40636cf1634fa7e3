/** A PostgreSQL server with pgvector. Uses Effect, so it is imported only if there is such a server. */
import { Effect, ManagedRuntime } from "effect"
import { SqlClient } from "effect/sql"
import { addressIn } from "../../postgres/address.ts"
import { client, databaseError } from "../../postgres/client.ts"
import { RetrieveError } from "../retrieve-error.ts"
import { ADDRESS, type Database, type Query, type Row, TASK } from "./database.ts"

/**
 * Connects to the server.
 *
 * @param environment holds its address
 * @throws RetrieveError without the address in its message
 */
export const openServer = async (environment: NodeJS.ProcessEnv): Promise<Database> => {
  const address = addressIn(environment, ADDRESS, RetrieveError)
  if (address === undefined) throw new Error(`${ADDRESS} is not set`)
  const runtime = ManagedRuntime.make(client(address, TASK, RetrieveError))
  const transaction: Database["transaction"] = (statements) =>
    runtime
      .runPromise(
        Effect.gen(function* () {
          const sql = yield* SqlClient.SqlClient
          const all = Effect.gen(function* () {
            const run = Effect.runPromiseWith(yield* Effect.context<never>())
            const query: Query = (statement, ...texts) => run(sql.unsafe<Row>(statement, texts))
            return yield* Effect.tryPromise({ try: () => statements(query), catch: (cause) => cause })
          })
          return yield* sql.withTransaction(all)
        })
      )
      .catch((cause) => {
        throw databaseError(address, cause, RetrieveError)
      })
  return { keeps: true, transaction, close: () => runtime.dispose() }
}
