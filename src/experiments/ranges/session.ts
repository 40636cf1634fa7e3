/** What a process that makes ranges keeps open between them: the services of a run, and the segment of the last task. */
import { resolve } from "node:path"
import { Effect, Exit, ManagedRuntime, Result, Scope, Stream } from "effect"
import type { Run } from "../../ops/run.ts"
import type { Device, TensorEngine } from "../../ops/tensor/engine.ts"
import type { AnyElement, Element } from "../../pipeline/element.ts"
import { load } from "../../pipeline/load.ts"
import { source } from "../../pipeline/operator.ts"
import type { AnyOperator } from "../../pipeline/origin.ts"
import { Name, param } from "../../pipeline/param.ts"
import { canonical } from "../../pipeline/print.ts"
import type { OpenSegment, Segment } from "../../pipeline/ranges.ts"
import { segmentOf } from "../../pipeline/segment.ts"
import type { AnyStream } from "../../pipeline/splits.ts"
import { type Line, stageStream } from "../../pipeline/stage.ts"
import { silent } from "../../pipeline/watch.ts"
import type { EngineRecord } from "../folder/record.ts"
import { language } from "../plan/plan.ts"
import { RunError } from "../run-error.ts"
import { servicesOf } from "../running/services.ts"
import { makePart } from "./make-part.ts"
import type { Facts } from "./part-files.ts"
import { valuesOf } from "./part-values.ts"
import { nameOf, type Task } from "./task.ts"

/** The source in front of a segment that does not begin its pipeline. */
const GATHERED = "gathered"

const gathered = (to: Element<AnyElement>) =>
  source({
    name: GATHERED,
    about: "Reads the elements that the steps before made.",
    to,
    params: { from: param(Name, "The file.") },
    run: ({ from }) => valuesOf(from) as AnyStream<AnyElement>
  })

const refused = (task: Task, problem: string): RunError =>
  new RunError({
    subject: nameOf(task),
    problem,
    remedy: "Use the same version of orbitrank for the run and its workers"
  })

/** The pipeline of a task, with a source of its input in front. Parameters are checked as those of a file are. */
const stepsOf = (task: Task) => {
  const given = JSON.parse(task.steps) as Readonly<Record<string, ReadonlyArray<Readonly<Record<string, unknown>>>>>
  const steps = given[task.pipeline] ?? []
  const first: AnyOperator | undefined = language.operators.find(({ name }) => name === Object.keys(steps[0] ?? {})[0])
  const { input } = task
  const from: Element<AnyElement> | "any" | undefined = first?.from
  if (first === undefined || from === "any" || (from === undefined) !== (input === undefined)) {
    throw refused(task, "does not begin as a segment of this version does")
  }
  const before = from === undefined ? undefined : gathered(from)
  const operators = before === undefined ? language.operators : [...language.operators, before]
  const all = before === undefined ? steps : [{ [GATHERED]: { from: input } }, ...steps]
  // A file does not say whether a run began with ONNX Runtime, or where this machine keeps copies.
  const { inference: _, stage: __, ...settings } = task.settings
  const text = JSON.stringify({ ...settings, pipelines: { ...given, [task.pipeline]: all } })
  // A task names no environment variables and no other files: its values are those of the run.
  const sources = {
    environment: { variables: {}, home: "~" },
    read: () => {
      throw refused(task, "names another file")
    }
  }
  const loaded = Result.getOrThrow(load(text, nameOf(task), { ...language, operators }, { sources }))
  const pipeline = loaded.pipelines.get(task.pipeline)
  if (pipeline === undefined) throw refused(task, "has no pipeline")
  return { steps: pipeline.steps, from: before === undefined ? 0 : 1 }
}

interface Opened {
  readonly id: string
  readonly scope: Scope.Closeable
  readonly segment: Segment
  readonly open: OpenSegment
}

/** Makes ranges one after another. */
export class Session {
  private runtime:
    | { readonly key: string; readonly of: ManagedRuntime.ManagedRuntime<Run | TensorEngine, unknown> }
    | undefined
  private opened: Opened | undefined
  private engine: EngineRecord | undefined
  private readonly worker: string
  /** Index of the stage that failed, in its segment. */
  failed: number | undefined

  constructor(worker: string) {
    this.worker = worker
  }

  private services({ folder, settings }: Task) {
    const key = canonical([folder, settings])
    if (this.runtime?.key === key) return this.runtime.of
    const { device, experiment, graph, inference, precision, root_dir, seed, stage, threads } = settings
    const nothing = () => Effect.void
    const run = Effect.succeed({
      ...{ folder, seed, experiment, root: resolve(root_dir) },
      ...{ say: nothing, record: nothing, wrote: nothing, uses: nothing }
    })
    const engine = { device: device as Device, precision, threads, graph, inference, stage }
    const layer = servicesOf(run, engine, (engine) => {
      this.engine = engine
    })
    this.runtime = { key, of: ManagedRuntime.make(layer) }
    return this.runtime.of
  }

  private readonly open = (task: Task): Effect.Effect<Opened, unknown, Run | TensorEngine> =>
    Effect.gen({ self: this }, function* () {
      if (this.opened?.id === task.segment) return this.opened
      if (this.opened !== undefined) yield* Scope.close(this.opened.scope, Exit.void)
      this.opened = undefined
      const { from, steps } = stepsOf(task)
      const failed = ({ index }: { readonly index: number }) => {
        this.failed = index - from
      }
      const line: Line = {
        ...{ name: task.pipeline, steps, watcher: { ...silent, failed } },
        beat: { yielded: 0, failed: false }
      }
      const input: AnyStream = from === 0 ? Stream.empty : stageStream(line, 0, Stream.empty)
      const segment = segmentOf(line, { from, to: steps.length - 1 }, input)
      const scope = yield* Scope.make()
      const open = yield* Effect.provideService(segment.open(input), Scope.Scope, scope).pipe(
        Effect.onError((cause) => Scope.close(scope, Exit.failCause(cause)))
      )
      this.opened = { id: task.segment, scope, segment, open }
      return this.opened
    })

  /** Makes the part of a task. */
  make(task: Task): Promise<Facts> {
    const services = this.services(task)
    this.failed = undefined
    const made = Effect.gen({ self: this }, function* () {
      const { open, segment } = yield* this.open(task)
      const maker = { segment, open, worker: this.worker, engine: () => this.engine }
      return yield* makePart(maker, { from: task.from, to: task.to }, task.path) as Effect.Effect<Facts, unknown, Run>
    }).pipe(
      // What failed once is opened anew.
      Effect.onError(() => Effect.suspend(() => this.close()))
    )
    return services.runPromise(made)
  }

  private close(): Effect.Effect<void> {
    const { opened } = this
    this.opened = undefined
    return opened === undefined ? Effect.void : Scope.close(opened.scope, Exit.void)
  }
}
