/** The edge of a program: runs a command to its exit code, and stops it at a clean point on a signal. */
import { Cause, Console, Effect, Exit, Fiber } from "effect"
import type { CliError } from "effect/cli"
import { complained, printed } from "./output.ts"
import { AT_ONCE, ECHO, STOPPING } from "./stopping.ts"
import { printableLines } from "./words.ts"

export const EXIT = { done: 0, failed: 1, badInput: 2, interrupted: 130 } as const

/**
 * Runs a program that returns its exit code, and ends the process with that code. The first SIGINT or SIGTERM interrupts
 * the program, finalizers included; another one, more than a second later, ends the process at once.
 */
export const runMain = (program: Effect.Effect<number>): void => {
  // Progress that nobody can read does not stop a run.
  process.stderr.on("error", () => {})
  const fiber = Effect.runFork(program)
  fiber.addObserver((exit) => process.exit(Exit.isSuccess(exit) ? exit.value : EXIT.interrupted))
  let stopping = 0
  const stop = (code: number) => {
    const now = performance.now()
    if (stopping > 0 && now - stopping > ECHO) {
      process.stderr.write(`${AT_ONCE}\n`)
      process.exit(code)
    }
    if (stopping === 0) {
      stopping = now
      Effect.runFork(Fiber.interrupt(fiber))
    }
  }
  for (const [signal, code] of Object.entries(STOPPING)) process.on(signal, () => stop(code))
}

const isUsage = (error: unknown): error is CliError.ShowHelp =>
  typeof error === "object" && error !== null && "_tag" in error && error._tag === "ShowHelp"

/** The message of a failure and its exit code; undefined for an interrupt, which has been announced already. */
const reported = (
  cause: Cause.Cause<unknown>,
  help: string,
  badInput: (error: unknown) => boolean
): { readonly message: string; readonly code: number } | undefined => {
  if (Cause.hasInterruptsOnly(cause)) return undefined
  const error = Cause.squash(cause)
  if (isUsage(error)) {
    const text = error.errors.map((one) => one.message).join("\n")
    return { message: `${text}\nSee \`${help}\`.`, code: EXIT.badInput }
  }
  const message = error instanceof Error && "_tag" in error ? error.message : Cause.pretty(cause)
  return { message, code: badInput(error) ? EXIT.badInput : EXIT.failed }
}

/** A console whose log is kept, to be written whole at the end. */
const keeping = (lines: Array<string>): Console.Console =>
  Object.assign(Object.create(console) as Console.Console, {
    log: (...args: ReadonlyArray<unknown>) => void lines.push(args.join(" "))
  })

/**
 * Ends a command with its exit code, and a failure with one clear message on standard error. Whatever the command logs is
 * written at its end; if that fails, for example because the disk is full, the command has failed.
 *
 * @param help the command that prints the options, as the user types it
 * @param badInput whether an error is about the input of the command, not about an event
 */
export const toExit =
  (help: string, badInput: (error: unknown) => boolean) =>
  <R>(command: Effect.Effect<unknown, unknown, R>): Effect.Effect<number, never, R> => {
    const lines: Array<string> = []
    const output = Effect.suspend(() => (lines.length === 0 ? Effect.succeed(true) : printed(`${lines.join("\n")}\n`)))
    const ended = (cause: Cause.Cause<unknown>): Effect.Effect<number> => {
      const report = reported(cause, help, badInput)
      if (report === undefined) return Effect.succeed(EXIT.interrupted)
      return Effect.as(complained(printableLines(report.message)), report.code)
    }
    return Effect.provideService(command, Console.Console, keeping(lines)).pipe(
      // A failed command prints what it logged, too; its own failure is more important than a failure to print.
      Effect.matchCauseEffect({
        onFailure: (cause) => Effect.andThen(Effect.ignore(output), ended(cause)),
        onSuccess: () =>
          Effect.matchCauseEffect(output, { onFailure: ended, onSuccess: () => Effect.succeed<number>(EXIT.done) })
      })
    )
  }
