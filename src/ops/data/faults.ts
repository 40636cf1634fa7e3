/** What can be wrong with data; without Effect, for what worker threads load too. */
import { explained } from "../../pipeline/explained.ts"

/** Data that are not as they must be: a file, a patch, a header, a label. */
export class DataError extends explained("DataError") {}

/** A store of patches that cannot be opened, read or written. */
export class StoreError extends explained("StoreError") {}
