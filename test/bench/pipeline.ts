/** What the language costs over bare loops. */
import { Effect, Stream } from "effect"
import { drain } from "../../src/pipeline/interpret.ts"
import { operator } from "../../src/pipeline/operator.ts"
import { count, Num } from "../pipeline/toys.ts"
import { type Figure, inTurn } from "./harness.ts"

const step = operator({
  name: "step",
  about: "Adds one.",
  from: Num,
  to: Num,
  params: {},
  run: () => (numbers) => Stream.map(numbers, ({ value }): Num => ({ kind: "number", value: value + 1 }))
})

/** A source and four stages, one element a chunk, against the loop that does the same. */
export const fiveStages = async (): Promise<Figure> => {
  const n = 50_000
  const pipeline = count({ to: n }).pipe(step(), step(), step(), step())
  const loop = () => {
    let element: Num = { kind: "number", value: 0 }
    for (let i = 0; i < n; i++) {
      element = { kind: "number", value: i }
      for (let stage = 0; stage < 4; stage++) element = { kind: "number", value: element.value + 1 }
    }
    return element.value
  }
  const { other, ours, ratio } = await inTurn(() => Effect.runPromise(drain(pipeline)), loop)
  const perElement = ((ours - other) / n) * 1000
  return {
    name: "five stages, overhead per element",
    ours: (ours / n) * 1000,
    other: (other / n) * 1000,
    ratio,
    unit: "µs",
    bound: `overhead ${perElement.toFixed(2)} µs, at most 5`,
    holds: perElement <= 5
  }
}
