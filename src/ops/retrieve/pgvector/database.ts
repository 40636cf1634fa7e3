/** The database of indexes of kind `pgvector`. */

/** Variable with the address of the server; the variable `ORBITRANK_PGVECTOR_FILE` may name a private file that holds it. */
export const ADDRESS = "ORBITRANK_PGVECTOR"

/** The work that needs a database, for messages. */
export const TASK = "indexes of kind `pgvector`"

export type Row = Readonly<Record<string, unknown>>

/** Runs one statement. Its parameters `$1`, `$2`, ... are texts. */
export type Query = (statement: string, ...texts: ReadonlyArray<string>) => Promise<ReadonlyArray<Row>>

export interface Database {
  /** Whether its tables outlive this process. */
  readonly keeps: boolean
  /** Runs statements as one transaction. */
  readonly transaction: <A>(statements: (query: Query) => Promise<A>) => Promise<A>
  readonly close: () => Promise<void>
}
