/** What tests of operators share. */
import { Effect, Layer, Stream } from "effect"
import { Patch } from "../../../src/ops/elements.ts"
import { Run } from "../../../src/ops/run.ts"
import { toStream } from "../../../src/pipeline/interpret.ts"
import { source } from "../../../src/pipeline/operator.ts"
import { listOf, Name, NonNegativeInt, optional, Positive, PositiveInt, param } from "../../../src/pipeline/param.ts"
import type { Pipeline } from "../../../src/pipeline/pipeline.ts"

/** A run over `root`, and what operators told it. */
export const runIn = (root: string, seed = 7) => {
  const said: Array<string> = []
  const wrote: Array<string> = []
  const used: Array<string> = []
  const recorded: Record<string, unknown> = {}
  const layer = Layer.succeed(
    Run,
    Run.of({
      folder: root,
      root,
      seed,
      experiment: "trial",
      say: (line) => Effect.sync(() => void said.push(line)),
      record: (path, value) => Effect.sync(() => void Object.assign(recorded, { [path]: value })),
      wrote: (path) => Effect.sync(() => void wrote.push(path)),
      uses: (path) => Effect.sync(() => void used.push(path))
    })
  )
  const collect = <A, E>(pipeline: Pipeline<A, E, Run>): Effect.Effect<ReadonlyArray<A>, E> =>
    Effect.provide(Stream.runCollect(toStream(pipeline)), layer)
  return { layer, said, wrote, used, recorded, collect }
}

/** Patches whose pixels count upwards from 100 times their index; two channels. */
export const counting = source({
  name: "counting",
  about: "Patches for tests.",
  to: Patch,
  params: {
    patches: param(PositiveInt, "How many an epoch."),
    epochs: param(PositiveInt, "Epochs.", 1),
    height: param(PositiveInt, "Rows.", 4),
    width: param(PositiveInt, "Columns.", 4),
    odd_at: param(NonNegativeInt, "This one has one row more.", 999),
    bands: param(listOf(Name), "Two channels.", ["B02", "B03"]),
    white: optional(Positive, "What the pixels' type tells of white.")
  },
  run: ({ patches, epochs, height, width, odd_at, bands, white }) =>
    Stream.range(0, patches * epochs - 1).pipe(
      Stream.rechunk(1),
      Stream.map((i): Patch => {
        const index = i % patches
        const rows = index === odd_at ? height + 1 : height
        return {
          kind: "patch",
          name: `p${index}`,
          index,
          epoch: Math.floor(i / patches),
          image: Float32Array.from({ length: rows * width * 2 }, (_, k) => 100 * index + k),
          height: rows,
          width,
          bands,
          ...(white === undefined ? {} : { white }),
          labels: Uint8Array.of(index % 2, 1),
          classes: ["a", "b"]
        }
      })
    )
})
