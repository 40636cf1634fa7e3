/**
 * Opens the database of indexes of kind `pgvector`: the PostgreSQL server whose address is in the environment, else PGlite,
 * which is PostgreSQL in WebAssembly, in the memory of this process.
 */
import { RetrieveError } from "../retrieve-error.ts"
import { ADDRESS, type Database } from "./database.ts"

/** Version of pgvector from which on a search continues until it has enough allowed rows. */
const LEAST = [0, 8]

const isOld = (version: string): boolean => {
  const [major, minor] = version.split(".").map(Number)
  return major < LEAST[0] || (major === LEAST[0] && minor < LEAST[1])
}

/** Version of pgvector in the database; undefined if it is not there. */
const versionIn = async ({ transaction }: Database): Promise<string | undefined> => {
  const [row] = await transaction((query) => query("SELECT extversion FROM pg_extension WHERE extname = 'vector'"))
  return row === undefined ? undefined : String(row.extversion)
}

const create = async ({ transaction }: Database): Promise<void> => {
  try {
    await transaction((query) => query("CREATE EXTENSION IF NOT EXISTS vector"))
  } catch (cause) {
    throw new RetrieveError({
      subject: ADDRESS,
      problem: "the database does not have the extension pgvector, and this user cannot create it",
      remedy:
        "Install pgvector on the server, then run `CREATE EXTENSION vector` in this database as its administrator",
      cause
    })
  }
}

/** Creates the extension in the database, if it is not there yet. @throws RetrieveError if that fails, or if it is too old */
const prepared = async (database: Database): Promise<Database> => {
  try {
    const before = await versionIn(database)
    if (before === undefined) await create(database)
    const version = before ?? (await versionIn(database)) ?? "0"
    if (!isOld(version)) return database
    throw new RetrieveError({
      subject: ADDRESS,
      problem: `the database has version ${version} of pgvector, but version ${LEAST.join(".")} or later is needed`,
      remedy: "Update pgvector on the server, then run `ALTER EXTENSION vector UPDATE` in this database"
    })
  } catch (cause) {
    await database.close()
    throw cause
  }
}

/**
 * Opens the database.
 *
 * @throws RetrieveError if there is none, or if it has no pgvector
 */
export const openDatabase = async (): Promise<Database> => {
  const environment = globalThis.process?.env ?? {}
  if (environment[ADDRESS] === undefined && environment[`${ADDRESS}_FILE`] === undefined) {
    const { openEmbedded } = await import("./embedded.ts")
    return prepared(await openEmbedded())
  }
  const { openServer } = await import("./server.ts")
  return prepared(await openServer(environment))
}
