import { Effect, Stream } from "effect"
import { passing } from "../../pipeline/operator.ts"

/** Everything of an element but its kind, and what a ranking was made by; typed arrays as lists of numbers. */
const line = (element: unknown): string => {
  const { kind, vectors, ...others } = element as { readonly kind: string; readonly vectors?: unknown }
  const rest = kind === "ranking" || vectors === undefined ? others : { vectors, ...others }
  const list = (_: string, value: unknown) =>
    ArrayBuffer.isView(value) && !(value instanceof DataView) ? [...(value as Float64Array)] : value
  return `${JSON.stringify(rest, list)}\n`
}

/** Writes to standard output, as fast as it takes; false where nobody reads on, as after `| head`. */
const written = (text: string): Effect.Effect<boolean> =>
  Effect.callback<boolean>((resume) => {
    process.stdout.write(text, (fault) => resume(Effect.succeed(fault === null || fault === undefined)))
  })

const ignore = () => {}

/** A pipe that is closed would end the process; `written` says so instead. */
const quietly = Effect.acquireRelease(
  Effect.sync(() => void process.stdout.on("error", ignore)),
  () => Effect.sync(() => void process.stdout.off("error", ignore))
)

/**
 * Prints each element as one line of JSON on standard output, where nothing else is printed but the record that `--json`
 * asks for. The stream ends when nobody reads on.
 */
export const print = passing({
  name: "print",
  about: "Prints each element as a line of JSON on standard output.",
  params: {},
  run: () => (elements) =>
    Stream.unwrap(
      Effect.map(quietly, () =>
        elements.pipe(
          Stream.mapEffect((element) => Effect.map(written(line(element)), (read) => ({ element, read }))),
          Stream.takeWhile(({ read }) => read),
          Stream.map(({ element }) => element)
        )
      )
    )
})
