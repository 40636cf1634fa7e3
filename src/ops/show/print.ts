import { Effect, Stream } from "effect"
import { passing } from "../../pipeline/operator.ts"
import { printed } from "../../pipeline/output.ts"
import { printableJson } from "../../pipeline/words.ts"
import { Cut } from "../run.ts"

/** An element as JSON, without its kind and without the vectors of a ranking; typed arrays become lists of numbers. */
const line = (element: unknown): string => {
  const { kind, vectors, ...others } = element as { readonly kind: string; readonly vectors?: unknown }
  const rest = kind === "ranking" || vectors === undefined ? others : { vectors, ...others }
  const list = (_: string, value: unknown) =>
    ArrayBuffer.isView(value) && !(value instanceof DataView) ? [...(value as Float64Array)] : value
  return `${printableJson(JSON.stringify(rest, list))}\n`
}

/**
 * Prints each element as one line of JSON on standard output. Nothing else is printed there, except the run record if `--json`
 * is given. The stream ends when the reader of the output closes it.
 */
export const print = passing({
  name: "print",
  about: "Prints each element as a line of JSON on standard output.",
  params: {},
  run: () => (elements) =>
    Stream.unwrap(
      Effect.map(Cut, (cut) =>
        elements.pipe(
          Stream.mapEffect((element) => Effect.map(printed(line(element)), (read) => ({ element, read }))),
          Stream.tap(({ read }) => Effect.sync(() => (read ? undefined : cut()))),
          Stream.takeWhile(({ read }) => read),
          Stream.map(({ element }) => element)
        )
      )
    )
})
