import { Effect } from "effect"
import { digest } from "../../pipeline/digest.ts"
import { makeStep, originOf } from "../../pipeline/origin.ts"
import { isPipeline, makePipeline } from "../../pipeline/pipeline.ts"
import { canonical, toJson } from "../../pipeline/print.ts"
import type { Range } from "../../pipeline/splits.ts"
import type { Step } from "../../pipeline/step.ts"
import { versions } from "../command/versions.ts"
import { stamp } from "../folder/stamps.ts"

/** Raise it if keys, files of parts or their facts change their form. */
const FORM = 1

/** Steps as any process may run them, and the files that decide what they make. */
export interface Settled {
  readonly steps: ReadonlyArray<Step>
  readonly files: ReadonlyArray<string>
  /** Version of the parts of the last step. */
  readonly version: number
}

type Entry = readonly [key: string, value: unknown, files: ReadonlyArray<string>]

/** A parameter, with everything resolved if it is a pipeline. */
const settledEntry = ([key, value]: readonly [string, unknown]): Effect.Effect<Entry, unknown, unknown> =>
  isPipeline(value)
    ? Effect.map(settledSteps(value.steps), ({ files, steps }): Entry => [key, makePipeline(steps), files])
    : Effect.succeed<Entry>([key, value, []])

/** A step with everything resolved that another process would resolve otherwise, and the files that it names. */
const settledStep = (step: Step): Effect.Effect<readonly [Step, ReadonlyArray<string>], unknown, unknown> =>
  Effect.gen(function* () {
    const { at, operator } = originOf(step)
    const settle = operator.parts?.settle
    const own = settle === undefined ? { files: [], params: step.params } : yield* settle(step.params)
    const entries = yield* Effect.forEach(Object.entries(own.params as Step["params"]), settledEntry)
    const params = Object.fromEntries(entries.map(([key, value]) => [key, value]))
    return [makeStep(operator, params, at), [...own.files, ...entries.flatMap(([, , files]) => files)]] as const
  })

const settledSteps = (steps: ReadonlyArray<Step>): Effect.Effect<Omit<Settled, "version">, unknown, unknown> =>
  Effect.map(Effect.forEach(steps, settledStep), (all) => ({
    steps: all.map(([step]) => step),
    files: all.flatMap(([, files]) => files)
  }))

/** Resolves the parameters of a segment that another process would resolve otherwise. */
export const settled = (steps: ReadonlyArray<Step>): Effect.Effect<Settled, unknown, unknown> =>
  Effect.map(settledSteps(steps), (all) => ({
    ...all,
    version: originOf(steps[steps.length - 1]).operator.parts?.version ?? 0
  }))

/** Everything that decides the content of the parts of a segment. */
export interface Basis extends Settled {
  /** The run folder, absolute. */
  readonly folder: string
  /** Settings of the run that decide it. */
  readonly settings: Readonly<Record<string, unknown>>
  /** Files that its first step read when it opened. */
  readonly uses: ReadonlyArray<string>
  /** Hash of the elements that the first step gathered. */
  readonly input: string
}

/** The name of the part of a range: a hash of everything that decides its content. */
export const partKeys = ({
  files,
  folder,
  input,
  settings,
  steps,
  uses,
  version
}: Basis): ((range: Range) => string) => {
  const stamps = [...new Set([...files, ...uses])].sort().flatMap((path) => stamp(folder, path))
  const pipeline = toJson(makePipeline(steps))
  const basis = [FORM, versions.orbitrank, version, pipeline, settings, stamps, input]
  return ({ from, to }) => digest(canonical([...basis, from, to]))
}
