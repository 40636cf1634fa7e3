/** The file of normalisation constants: mean and deviation per band, and the patches that they were computed from. */
import { readFileSync } from "node:fs"
import { DataError } from "../../../formats/data-error.ts"
import type { Moments } from "./known-moments.ts"

export interface MomentsFile {
  readonly format: typeof FORMAT
  readonly bands: Readonly<
    Record<
      string,
      Moments & {
        readonly min: number
        readonly max: number
        /** How many values counted, and how many did not for want of data. */
        readonly values: number
        readonly nodata?: number
      }
    >
  >
  /** The patches that the constants were computed from. */
  readonly source: {
    readonly experiment: string
    readonly patches: number
    /** Rows and columns of every patch as it was counted; absent if patches differ. */
    readonly size?: readonly [height: number, width: number]
    /** The fewest and the most rows and columns, if patches differ. */
    readonly sizes?: {
      readonly least: readonly [height: number, width: number]
      readonly most: readonly [height: number, width: number]
    }
    /** SHA-256 of the patches' names in their order, a line each: which split it was. */
    readonly names: string
    readonly orbitrank: string
  }
}

const FORMAT = "orbitrank normalisation 1"

export const momentsText = (file: Omit<MomentsFile, "format">): string =>
  `${JSON.stringify({ format: FORMAT, ...file }, null, 2)}\n`

const isNumber = (value: unknown): value is number => typeof value === "number" && Number.isFinite(value)

/**
 * Reads constants that `statistics` wrote, or that were written by hand in the same form: `{ "format", "bands": { "B02": {
 * "mean", "std" }, ... } }`.
 *
 * @throws DataError if the file is missing or damaged, or a deviation is not above 0
 */
export const readMoments = (file: string): Readonly<Record<string, Moments>> => {
  const wrong = (problem: string, remedy: string, cause?: unknown) =>
    new DataError({ subject: file, problem, remedy, cause })
  let parsed: { readonly format?: unknown; readonly bands?: unknown } | null
  try {
    parsed = JSON.parse(readFileSync(file, "utf8"))
  } catch (cause) {
    const absent = (cause as NodeJS.ErrnoException).code === "ENOENT"
    throw wrong(
      absent ? "there is no such file of normalisation constants" : `cannot be read (${(cause as Error).message})`,
      "Run the pipeline with `statistics` first, or name known constants in `by`",
      cause
    )
  }
  const bands = parsed?.bands
  if (parsed?.format !== FORMAT || typeof bands !== "object" || bands === null) {
    throw wrong("holds no normalisation constants", "Write it with `statistics`")
  }
  for (const [band, moments] of Object.entries(bands as Record<string, Partial<Moments> | null>)) {
    const { mean, std } = moments ?? {}
    if (isNumber(mean) && isNumber(std) && std > 0) continue
    const found = `mean ${mean} and deviation ${std}`
    throw wrong(`gives band ${band} ${found}`, "Leave the band out: equal values cannot be scaled")
  }
  return bands as Readonly<Record<string, Moments>>
}
