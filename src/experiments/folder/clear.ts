/** Removes the files of an earlier run from its folder, one by one: files that no run wrote are never touched. */
import { existsSync, lstatSync, readdirSync, realpathSync, rmdirSync, rmSync } from "node:fs"
import { basename, dirname, isAbsolute, join, resolve, sep } from "node:path"
import { decodeParams } from "../../pipeline/decode.ts"
import type { Configuration, Operators } from "../plan/configuration.ts"
import { removeEnded } from "../ranges/part-files.ts"
import { RunError } from "../run-error.ts"
import { sweepRunFolder } from "./partials.ts"
import { ForeignRecord, type RunRecord, readRecord, recordPath } from "./record.ts"

/** Whether a path lies in a folder, as text. */
export const isInside = (folder: string, path: string): boolean => resolve(path).startsWith(resolve(folder) + sep)

/** The record, or undefined if it is ours but damaged. */
const recordOrDamaged = (folder: string): RunRecord | undefined => {
  try {
    return readRecord(folder)
  } catch (fault) {
    if (fault instanceof ForeignRecord || !(fault instanceof RunError)) throw fault
    return undefined
  }
}

type Written = Readonly<Record<string, unknown>>

/** Patterns of the files that the recorded steps write, as their operators declare them. */
const declaredFiles = (steps: unknown, operators: Operators): ReadonlyArray<string> =>
  !Array.isArray(steps)
    ? []
    : steps.flatMap((step: Written | null) =>
        Object.entries(step ?? {}).flatMap(([name, written]) => {
          const { declares, params: declared } = operators.get(name) ?? { params: {} }
          const inner = Object.values((written ?? {}) as Written).flatMap((value) => declaredFiles(value, operators))
          const { faults, params } = decodeParams(declared, written)
          // Parameters of another version may not fit; a pipeline in a parameter is a list of steps here.
          if (faults.some(({ path: [key] }) => declared[key]?.gives === undefined)) return inner
          return [...(declares?.writes?.(params) ?? []), ...(declares?.shares?.(params) ?? []), ...inner]
        })
      )

const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")

/** Files of a run folder that fit a pattern, whose last part may hold `*`. */
const matching = (folder: string, pattern: string): ReadonlyArray<string> => {
  const path = join(folder, pattern)
  if (!pattern.includes("*")) return [path]
  const fits = new RegExp(
    `^${pattern
      .slice(pattern.lastIndexOf("/") + 1)
      .split("*")
      .map(escaped)
      .join(".*")}$`
  )
  const parent = dirname(path)
  return existsSync(parent) ? readdirSync(parent).flatMap((name) => (fits.test(name) ? [join(parent, name)] : [])) : []
}

/** Removes a file that lies in the folder by its real path, then the folders that are empty without it. */
const removeFile = (folder: string, path: string): void => {
  if (!isInside(folder, path) || !existsSync(dirname(path))) return
  const top = realpathSync(folder)
  const parent = realpathSync(dirname(path))
  // A damaged record may list a name that no file system takes; such a name is in no folder.
  const file = readdirSync(parent).includes(basename(path)) ? lstatSync(path, { throwIfNoEntry: false }) : undefined
  if (`${parent}${sep}`.startsWith(top + sep) && file !== undefined && !file.isDirectory()) rmSync(path)
  for (let empty = parent; isInside(top, empty) && readdirSync(empty).length === 0; empty = dirname(empty)) {
    rmdirSync(empty)
  }
}

/**
 * Removes the files that a record lists, the files that its configuration declares, and the record itself.
 *
 * @param folder the run folder; the caller holds its lock
 * @param configuration used in place of the recorded one if the record is damaged
 * @param operators by which the configuration is read
 * @throws ForeignRecord if `record.json` is not a run record
 */
export const clear = (folder: string, configuration: Configuration, operators: Operators): void => {
  const record = recordOrDamaged(folder)
  const listed = Object.values(record?.pipelines ?? {}).flatMap(({ wrote }) => wrote.map(({ path }) => path))
  const { pipelines } = record?.configuration ?? configuration
  const plain: object = JSON.parse(JSON.stringify(pipelines))
  const declared = Object.values(plain).flatMap((steps) => declaredFiles(steps, operators))
  const files = [
    ...listed.map((path) => resolve(folder, path)),
    ...declared.filter((pattern) => !isAbsolute(pattern)).flatMap((pattern) => matching(folder, pattern))
  ]
  for (const path of files) removeFile(folder, path)
  removeEnded(folder)
  sweepRunFolder(folder)
  rmSync(recordPath(folder), { force: true })
}
