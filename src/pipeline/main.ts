/** The edge of a program: runs a command to its exit code, and stops it at a clean point on a signal. */
import { Cause, Console, Effect, Exit, Fiber } from "effect"
import type { CliError } from "effect/cli"

export const EXIT = { done: 0, failed: 1, badInput: 2, interrupted: 130 } as const

/**
 * Runs a program that gives its exit code, and ends the process with it. The first SIGINT or SIGTERM interrupts the
 * program, finalizers included; `npx` and npm pass the terminal's signal on twice, so only one that comes more than a
 * second later means "at once".
 */
export const runMain = (program: Effect.Effect<number>): void => {
  const fiber = Effect.runFork(program)
  fiber.addObserver((exit) => process.exit(Exit.isSuccess(exit) ? exit.value : EXIT.interrupted))
  let stopping = 0
  const stop = () => {
    const now = performance.now()
    if (stopping > 0 && now - stopping > 1000) process.exit(EXIT.interrupted)
    if (stopping === 0) {
      stopping = now
      Effect.runFork(Fiber.interrupt(fiber))
    }
  }
  process.on("SIGINT", stop)
  process.on("SIGTERM", stop)
}

const isUsage = (error: unknown): error is CliError.ShowHelp =>
  typeof error === "object" && error !== null && "_tag" in error && error._tag === "ShowHelp"

/**
 * Ends a command with its exit code, and a failure with one clear message on standard error.
 *
 * @param help how the command says what it takes, as typed
 * @param badInput whether an error is about what was given, not about what happened
 */
export const toExit =
  (help: string, badInput: (error: unknown) => boolean) =>
  <R>(command: Effect.Effect<unknown, unknown, R>): Effect.Effect<number, never, R> => {
    const report = (cause: Cause.Cause<unknown>): Effect.Effect<number> => {
      if (Cause.hasInterruptsOnly(cause)) return Effect.succeed(EXIT.interrupted)
      const error = Cause.squash(cause)
      if (isUsage(error)) {
        const text = error.errors.map((one) => one.message).join("\n")
        return Effect.as(Console.error(`${text}\nSee \`${help}\`.`), EXIT.badInput)
      }
      const message = error instanceof Error && "_tag" in error ? error.message : Cause.pretty(cause)
      return Effect.as(Console.error(message), badInput(error) ? EXIT.badInput : EXIT.failed)
    }
    return Effect.matchCauseEffect(command, {
      onFailure: report,
      onSuccess: () => Effect.succeed<number>(EXIT.done)
    })
  }
