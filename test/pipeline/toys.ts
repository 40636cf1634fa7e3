/** A toy language for tests: numbers and words, so that no image or tensor is needed. */
import { Data, Effect, Schema, Stream } from "effect"
import { type AnyElement, element } from "../../src/pipeline/element.ts"
import { explained } from "../../src/pipeline/explained.ts"
import { toStream } from "../../src/pipeline/interpret.ts"
import { operator, passing, source } from "../../src/pipeline/operator.ts"
import { choice, Name, NonNegativeInt, optional, PositiveInt, param, pipelineParam } from "../../src/pipeline/param.ts"

export interface Num extends AnyElement {
  readonly kind: "number"
  readonly value: number
}
export const Num = element<Num>("number", "numbers", "a number")

export interface Group extends AnyElement {
  readonly kind: "group"
  readonly values: ReadonlyArray<number>
}
export const Group = element<Group>("group", "groups", "some numbers")

export interface Sum extends AnyElement {
  readonly kind: "sum"
  readonly total: number
}
export const Sum = element<Sum>("sum", "sums", "one total")

export class TooBig extends explained("TooBig") {}
export class Odd extends Data.TaggedError("Odd")<{ readonly value: number }> {}

export const count = source({
  name: "count",
  about: "Counts upwards.",
  to: Num,
  params: { to: param(NonNegativeInt, "How many numbers.", 10), by: param(PositiveInt, "Distance.", 1) },
  run: ({ to, by }) =>
    Stream.range(0, to - 1).pipe(
      Stream.rechunk(1),
      Stream.map((i): Num => ({ kind: "number", value: i * by }))
    )
})

export const scale = operator({
  name: "scale",
  about: "Multiplies each number.",
  from: Num,
  to: Num,
  params: {
    factor: param(Schema.Number, "What each is multiplied by."),
    limit: param(NonNegativeInt, "Greatest number let through.", 1_000_000),
    how: param(choice("exact", "rounded"), "Rounding.", "exact")
  },
  run:
    ({ factor, limit, how }) =>
    (numbers) =>
      numbers.pipe(
        Stream.mapEffect(({ value }) => {
          const scaled = how === "exact" ? value * factor : Math.round(value * factor)
          return scaled <= limit
            ? Effect.succeed<Num>({ kind: "number", value: scaled })
            : Effect.fail(
                new TooBig({ subject: String(scaled), problem: "is above the limit", remedy: "Raise `limit`" })
              )
        })
      )
})

export const group = operator({
  name: "group",
  about: "Groups numbers.",
  from: Num,
  to: Group,
  params: { size: param(PositiveInt, "Numbers a group."), label: optional(Name, "A name.") },
  run:
    ({ size }) =>
    (numbers) =>
      numbers.pipe(
        Stream.grouped(size),
        Stream.map((items): Group => ({ kind: "group", values: items.map((item) => item.value) }))
      )
})

const Shape = Schema.Struct({ width: PositiveInt, tags: Schema.Array(Schema.String) })

export const add = operator({
  name: "add",
  about: "Adds all groups up.",
  from: Group,
  to: Sum,
  params: { shape: optional(Shape, "A nested value.") },
  run: () => (groups) =>
    Stream.fromEffect(
      Stream.runFold(
        groups,
        () => 0,
        (sum, { values }) => sum + values.reduce((a, b) => a + b, 0)
      ).pipe(Effect.map((total): Sum => ({ kind: "sum", total })))
    )
})

export const take = passing({
  name: "take",
  about: "Lets the first few through.",
  params: { n: param(NonNegativeInt, "How many.") },
  run:
    ({ n }) =>
    (stream) =>
      Stream.take(stream, n)
})

export const plus = operator({
  name: "plus",
  about: "Adds the total of another pipeline to each number.",
  from: Num,
  to: Num,
  params: { other: pipelineParam<TooBig, never>()(Sum, "Pipeline whose total is added.") },
  run:
    ({ other }) =>
    (numbers) =>
      numbers.pipe(
        Stream.mapEffect(({ value }) =>
          Stream.runFold(
            toStream(other),
            () => 0,
            (sum, { total }) => sum + total
          ).pipe(Effect.map((total): Num => ({ kind: "number", value: value + total })))
        )
      )
})

export const toys = [count, scale, group, add, take, plus] as const
