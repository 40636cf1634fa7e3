/** Whether a run still wants its ranges or cells, which a file in its folder says. */
import { existsSync } from "node:fs"
import { Effect } from "effect"
import { PartError } from "../ranges/task.ts"

/** Seconds that a file of another machine may take to become visible in a shared folder. */
export const VISIBLE = 60

/**
 * Whether the file is there. If it is missing while the run is under way, the folder may only show it late; after a minute,
 * this must be another folder than the one that the run uses, and it fails with PartError.
 *
 * @param path of the wanted file
 * @param isUnderWay whether the run is under way
 */
export const isWanted = <E, R>(path: string, isUnderWay: Effect.Effect<boolean, E, R>) =>
  Effect.gen(function* () {
    for (let second = 0; !existsSync(path); second++) {
      if (!(yield* isUnderWay)) return false
      if (second >= VISIBLE) {
        return yield* new PartError({
          subject: path,
          problem: "is not there, though the run that wrote it is under way",
          remedy: "Start this worker with the folder that the run uses, not with a copy of it"
        })
      }
      yield* Effect.sleep("1 second")
    }
    return true
  })
