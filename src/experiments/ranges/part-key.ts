import { Effect } from "effect"
import { digest } from "../../pipeline/digest.ts"
import { makeStep, originOf } from "../../pipeline/origin.ts"
import { makePipeline } from "../../pipeline/pipeline.ts"
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

/** Resolves the parameters of a segment's last step that another process would resolve otherwise. */
export const settled = (steps: ReadonlyArray<Step>): Effect.Effect<Settled, unknown, unknown> =>
  Effect.gen(function* () {
    const last = steps[steps.length - 1]
    const { at, operator } = originOf(last)
    const { settle, version = 0 } = operator.parts ?? {}
    if (settle === undefined) return { steps, files: [], version }
    const { files, params } = yield* settle(last.params)
    return { steps: [...steps.slice(0, -1), makeStep(operator, params, at)], files, version }
  })

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
