import type sharp from "sharp"
import { optionalPackage } from "../../pipeline/packages.ts"
import { DataError } from "./data-error.ts"

/** The package that reads and writes JPEG, PNG and WebP. */
export type Sharp = typeof sharp

/**
 * Loads the package that reads and writes JPEG, PNG and WebP.
 *
 * @returns rejects with a DataError that names the command to install it
 */
export const loadSharp = async (): Promise<Sharp> =>
  (await optionalPackage<{ readonly default: Sharp }>("sharp", "JPEG and PNG pictures", DataError)).default
