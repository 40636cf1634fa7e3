import { resolve } from "node:path"
import { type Context, Effect } from "effect"
import { portable } from "../../ops/formats/portable.ts"
import type { Run } from "../../ops/run.ts"
import { type Beside, Sums } from "../../pipeline/splits.ts"
import type { Facts } from "./part-files.ts"

type RunShape = Context.Service.Shape<typeof Run>

/** Whatever the steps of a range gather beside their elements. */
export class Gathered {
  private readonly sums = new Sums()
  private readonly kept: Array<readonly [stage: number, value: unknown]> = []
  private repeat = false

  /** For a step, counted from the first one of the segment. */
  readonly at = (stage: number): Beside => ({
    add: this.sums.add,
    put: (value) => void this.kept.push([stage, value]),
    again: () => {
      this.repeat = true
    }
  })

  get facts(): Pick<Facts, "again" | "beside" | "sums"> {
    return {
      sums: [...this.sums.all],
      ...(this.kept.length === 0 ? {} : { beside: this.kept }),
      ...(this.repeat ? { again: true } : {})
    }
  }
}

/** Whatever the operators of a range tell the run, kept for the facts of its part. */
export class Collected {
  readonly said: Array<string> = []
  readonly wrote = new Set<string>()
  readonly uses = new Set<string>()
  readonly record: Array<Facts["record"][number]> = []

  /** The run that operators see. Nothing reaches the real one. */
  of(run: RunShape): RunShape {
    return {
      ...run,
      say: (line) => Effect.sync(() => void this.said.push(line)),
      record: (path, value) =>
        Effect.sync(() => void this.record.push(value === undefined ? { path } : { path, value })),
      wrote: (path) => Effect.sync(() => void this.wrote.add(portable(path))),
      uses: (path) => Effect.sync(() => void this.uses.add(portable(path)))
    }
  }

  get facts(): Pick<Facts, "said" | "wrote" | "uses" | "record"> {
    return { said: this.said, wrote: [...this.wrote], uses: [...this.uses], record: this.record }
  }
}

/** Tells the run what the makers of parts would have told it. */
export class Replay {
  private readonly run: RunShape
  private readonly said = new Set<string>()
  private readonly record = new Map<string, unknown>()

  constructor(run: RunShape) {
    this.run = run
  }

  /** Of one part. A line that several parts share is said once. */
  readonly part = ({ record, said, uses, wrote }: Facts): Effect.Effect<void> =>
    Effect.gen({ self: this }, function* () {
      for (const line of said) {
        if (!this.said.has(line)) yield* this.run.say(line)
        this.said.add(line)
      }
      for (const path of wrote) yield* this.run.wrote(resolve(path))
      for (const path of uses) yield* this.run.uses(resolve(path))
      for (const { path, value } of record) this.record.set(path, joined(this.record.get(path), value))
    })

  /** Enters into the record what parts would have entered: lists one behind the other, other values as the last part has them. */
  readonly end: Effect.Effect<void> = Effect.suspend(() =>
    Effect.forEach(this.record, ([path, value]) => this.run.record(path, value), { discard: true })
  )
}

const joined = (before: unknown, value: unknown): unknown => {
  if (Array.isArray(before) && Array.isArray(value)) return [...before, ...value]
  return value ?? before
}
