/** The edge of a program: runs an effect to its exit code, and stops it at a clean point on a signal. */
import { Effect, Exit, Fiber } from "effect"

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
