/** `init FOLDER`: writes a commented configuration for an archive, a folder of pictures or a store. */
import { existsSync, writeFileSync } from "node:fs"
import { dirname, join, resolve } from "node:path"
import { Effect } from "effect"
import type { DataError, StoreError } from "../../ops/formats/data-error.ts"
import { messageOf } from "../../pipeline/words.ts"
import { fromHome } from "../../pipeline/yaml/environment.ts"
import { makePlan } from "../plan/plan.ts"
import { RunError } from "../run-error.ts"
import { type Found, look } from "./look.ts"
import { proposalFor } from "./proposal.ts"
import { configurationText } from "./text.ts"

/** What was written. */
export interface Written {
  readonly file: string
  readonly text: string
}

const occupied = (file: string): RunError =>
  new RunError({
    subject: file,
    problem: "exists already, and is not overwritten",
    remedy: "Name another file with `--to`"
  })

/** Writes a file that does not exist yet. */
const write = (file: string, text: string): Effect.Effect<void, RunError> =>
  Effect.try({
    try: () => writeFileSync(file, text, { flag: "wx" }),
    catch: (cause) =>
      (cause as NodeJS.ErrnoException).code === "EEXIST"
        ? occupied(file)
        : new RunError({
            subject: file,
            problem: `cannot be written (${messageOf(cause)})`,
            remedy: "Name a file in a folder that exists and can be written with `--to`",
            cause
          })
  })

/** Lists and store lie beside an archive, not in it. */
const rootOf = ({ name, path, what }: Found): string => {
  if ("store" in what) return dirname(path)
  const usual = join("data", name)
  return resolve(usual) === path ? `${usual}-store` : usual
}

/**
 * Looks at a folder and writes a configuration that fits it. The file is read back before this ends, so that it is one that
 * runs.
 *
 * @param folder an archive, a folder of pictures, or a store
 * @param to the file; by default `NAME.yaml` in the current working directory
 * @param program the command as the user types it, for the comments of the file
 */
export const init = Effect.fnUntraced(function* (
  folder: string,
  to: string | undefined,
  program: string
): Effect.fn.Return<Written, DataError | StoreError | RunError> {
  if (to !== undefined && existsSync(fromHome(to))) return yield* occupied(fromHome(to))
  const found = yield* look(fromHome(folder))
  const file = to === undefined ? `${found.name}.yaml` : fromHome(to)
  const text = configurationText(found, proposalFor(found), { file, program, root: rootOf(found) })
  yield* write(file, text)
  yield* Effect.sync(() => void makePlan(file, []))
  return { file, text }
})
