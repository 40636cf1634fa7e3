/** Cells of a sweep, run by the workers of a cluster. */
import { resolve } from "node:path"
import { Effect } from "effect"
import { openEngine } from "../../ops/tensor/engine.ts"
import { attempt } from "../../pipeline/attempt.ts"
import { digest } from "../../pipeline/digest.ts"
import { counted } from "../../pipeline/words.ts"
import { PartError } from "../ranges/task.ts"
import { engineRecord } from "../running/engine.ts"
import type { Progress } from "../running/progress.ts"
import { type CellRunner, cellFolder, type SweepOptions } from "../sweep/cell-run.ts"
import type { Sweep } from "../sweep/plan-sweep.ts"
import { type ClusterOptions, openAsking } from "./asking.ts"
import { engineKind } from "./fit.ts"
import type { CellTask } from "./queues.ts"
import { packedSet, packedText } from "./shared-paths.ts"

/** Opens a cluster for the cells of a sweep. */
export const byCluster = (
  { plans, sweep }: Sweep,
  options: SweepOptions & { readonly cluster: ClusterOptions },
  progress: Progress
) =>
  Effect.gen(function* () {
    const shared = resolve(".")
    const folder = resolve(options.folder)
    const [first] = plans.values()
    const opened = yield* openEngine(first.loaded.settings.device, { threads: 1 })
    const engine = engineKind(engineRecord(opened))
    const { ask, workers } = yield* openAsking(options.cluster, { folder, adopts: false, progress, engine })
    let done = 0
    const run: CellRunner = ({ cell, until }) =>
      Effect.gen(function* () {
        const text = (path: string) => packedText(resolve(path), shared, cell.name)
        const key = digest(`${cell.name}\n${until}`)
        const task = yield* attempt(PartError)(
          (): CellTask => ({
            ...{ key, name: cell.name },
            ...{ file: text(sweep.of), folder: text(cellFolder(options.folder, cell)), sweep: text(folder) },
            set: packedSet(cell.set, shared, cell.name),
            ...(until === undefined ? {} : { until })
          })
        )
        const { failure, last, worker } = yield* ask(key, (id) => ({ run: id, cell: task }))
        done++
        progress.say(
          `  ${worker} ran ${cell.name}; ${done} of ${counted(plans.size, "cell")}, ${counted(workers(), "worker")}`
        )
        return failure === undefined
          ? undefined
          : (last ?? [`${failure.subject}: ${failure.problem}. ${failure.remedy}`])
      })
    return run
  })
