/** Tries a built package in a process of its own, so that a crash harms nothing else. */
import { fileURLToPath } from "node:url"
import { Effect, Schema } from "effect"
import { loaderOf } from "../../../pipeline/loader.ts"
import { Machine } from "./machine.ts"
import { SetupError } from "./setup-error.ts"

/** The answer of the process. */
export interface Trial {
  /** Version that the loaded library reports. */
  readonly version: string
  /** Number of threads for one product. */
  readonly threads: number
  /** Whether TensorFlow found a GPU. */
  readonly gpu: boolean
}

const Answer = Schema.fromJsonString(
  Schema.Struct({
    version: Schema.String,
    threads: Schema.Number,
    gpu: Schema.Boolean,
    product: Schema.Array(Schema.Number)
  })
)

/** The product of [[1,2,3],[4,5,6]] and [[7,8],[9,10],[11,12]], row by row. */
const PRODUCT = [58, 64, 139, 154]

const PROBE = fileURLToPath(new URL("./probe.ts", import.meta.url))

/** Loads the package and multiplies two matrices. @error SetupError if it does not load or the product is wrong */
export const tryPackage = Effect.fnUntraced(function* (packageFolder: string) {
  const { node, run } = yield* Machine
  const fault = (problem: string, cause?: unknown) =>
    new SetupError({
      subject: packageFolder,
      problem,
      remedy: "Try another TensorFlow with `--version X.Y.Z`; without one, orbitrank uses WebAssembly",
      cause
    })
  const args = [...loaderOf(PROBE), PROBE, packageFolder]
  const { code, stdout, stderr } = yield* run(node, args).pipe(
    Effect.mapError(({ program }) => fault(`${program} does not start`))
  )
  const said = stderr.trim().split("\n")
  if (code !== 0) return yield* fault(said.find((line) => line.includes("does not load")) ?? said.at(-1) ?? "", stderr)
  const answer = yield* Schema.decodeUnknownEffect(Answer)(stdout.trim().split("\n").at(-1)).pipe(
    Effect.mapError((cause) => fault("the test process gave no answer", cause))
  )
  if (answer.product.join() !== PRODUCT.join())
    return yield* fault(
      `the product of two matrices is wrong (${answer.product.join(", ")}; expected ${PRODUCT.join(", ")})`
    )
  return { version: answer.version, threads: answer.threads, gpu: answer.gpu } satisfies Trial
})
