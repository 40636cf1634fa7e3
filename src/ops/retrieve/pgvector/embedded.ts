/** PGlite: PostgreSQL with pgvector in WebAssembly, in memory. All indexes of a process share one database. */
import { optionalPackage } from "../../../pipeline/packages.ts"
import { messageOf } from "../../../pipeline/words.ts"
import { RetrieveError } from "../retrieve-error.ts"
import { ADDRESS, type Database, type Row, TASK } from "./database.ts"

/** The part of PGlite that is used. */
interface Statements {
  readonly query: (statement: string, texts: ReadonlyArray<string>) => Promise<{ readonly rows: ReadonlyArray<Row> }>
}
interface Lite extends Statements {
  readonly transaction: <A>(statements: (inner: Statements) => Promise<A>) => Promise<A>
  readonly close: () => Promise<void>
}
interface Pglite {
  readonly PGlite: { readonly create: (options: object) => Promise<Lite> }
}

const create = async (): Promise<Lite> => {
  const { PGlite } = await optionalPackage<Pglite>("@electric-sql/pglite", TASK, RetrieveError)
  const { vector } = await optionalPackage<{ vector: unknown }>("@electric-sql/pglite-pgvector", TASK, RetrieveError)
  return PGlite.create({ extensions: { vector } })
}

/** The database of this process, and the number of indexes that use it. Starting one takes seconds and hundreds of MiB. */
let shared: { readonly lite: Promise<Lite>; users: number } | undefined

/** @throws RetrieveError if its packages are missing */
export const openEmbedded = async (): Promise<Database> => {
  shared ??= { lite: create(), users: 0 }
  const used = shared
  used.users++
  const close = async () => {
    if (--used.users > 0) return
    if (shared === used) shared = undefined
    await (await used.lite).close()
  }
  const lite = await used.lite.catch((cause) => {
    if (shared === used) shared = undefined
    throw cause
  })
  return {
    keeps: false,
    transaction: (statements) =>
      lite
        .transaction((inner) => statements(async (statement, ...texts) => (await inner.query(statement, texts)).rows))
        .catch((cause) => {
          if (cause instanceof RetrieveError) throw cause
          throw new RetrieveError({
            subject: "PGlite",
            problem: messageOf(cause).replace(/\.$/, ""),
            remedy: `Set ${ADDRESS} to the address of a PostgreSQL server if the archive is too large for it`,
            cause
          })
        }),
    close
  }
}
