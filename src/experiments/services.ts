/** What operators ask for while they run: the run folder, the tensor engine, the number of threads. */
import { availableParallelism } from "node:os"
import { resolve } from "node:path"
import { Effect, Layer } from "effect"
import { Run } from "../ops/run.ts"
import { Threads } from "../ops/workers/threads.ts"
import type { Book } from "./book.ts"
import { type EngineRecord, engineLayer, engineWarning } from "./engine.ts"
import type { Plan } from "./plan.ts"
import type { Progress } from "./progress.ts"

export const services = (plan: Plan, book: Book, progress: Progress) => {
  const opened = (engine: EngineRecord) => {
    progress.say(`  engine: ${engine.why}`)
    const warning = engineWarning(book.record.engine, engine)
    if (warning !== undefined) progress.say(warning)
    book.set("engine", engine)
    // At once, since the report reads the record while the run goes on.
    book.save()
  }
  const { threads = availableParallelism() } = plan.loaded.settings
  return Layer.mergeAll(
    runLayer(plan, book, progress),
    engineLayer(plan.loaded.settings, opened),
    Layer.succeed(Threads, threads)
  )
}

const runLayer = (plan: Plan, book: Book, progress: Progress) =>
  Layer.succeed(Run, {
    folder: resolve(book.folder),
    root: resolve(plan.loaded.settings.root_dir),
    seed: plan.loaded.settings.seed,
    experiment: plan.experiment,
    say: (line) => Effect.sync(() => progress.say(line)),
    record: (path, value) => Effect.sync(() => book.set(path, value)),
    wrote: (path) => Effect.sync(() => void book.wrote.add(resolve(path)))
  })
