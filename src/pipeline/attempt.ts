import { Effect } from "effect"

type ErrorClass = new (...args: ReadonlyArray<never>) => Error

/**
 * Runs a function that throws. An error of one of the given classes becomes the failure of the Effect; any other is a
 * defect.
 *
 * @example
 * import { Effect } from "effect"
 * const parse = attempt(SyntaxError)(() => JSON.parse("{"))
 * Effect.runSync(Effect.flip(parse)) instanceof SyntaxError // => true
 */
export const attempt =
  <const Classes extends ReadonlyArray<ErrorClass>>(...classes: Classes) =>
  <A>(run: () => A): Effect.Effect<A, InstanceType<Classes[number]>> =>
    Effect.suspend(() => {
      try {
        return Effect.succeed(run())
      } catch (fault) {
        const expected = classes.some((one) => fault instanceof one)
        return expected ? Effect.fail(fault as InstanceType<Classes[number]>) : Effect.die(fault)
      }
    })
