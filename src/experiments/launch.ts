/**
 * The command `tsx` kills a program at once, by SIGKILL, that does not answer a signal within some hundredths of a second:
 * one that computes cannot. Then nothing would say how to go on, and the run folder would stay locked. So where that
 * command is used, the program runs in a process of its own, and this one, which does nothing else, answers.
 */
import { spawn } from "node:child_process"
import { constants } from "node:os"

/** What `tsx` loads into its programs to hear whether they answer. */
const LISTENER = /[\\/]preflight\.c?js$/

/** Arguments of Node without the listener and the flag before it. */
export const withoutListener = (args: ReadonlyArray<string>): ReadonlyArray<string> =>
  args.filter((arg, i) => !LISTENER.test(arg) && !LISTENER.test(args[i + 1] ?? ""))

/**
 * Starts this very program again without the listener, where there is one, and ends as it ends.
 *
 * @returns whether it did
 */
export const launch = (): boolean => {
  const args = withoutListener(process.execArgv)
  if (args.length === process.execArgv.length) return false
  const program = spawn(process.execPath, [...args, ...process.argv.slice(1)], { stdio: "inherit" })
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => program.kill(signal))
  program.on("error", (cause) => {
    process.stderr.write(`${process.execPath}: cannot be started (${cause.message}). Check that Node is there.\n`)
    process.exit(1)
  })
  program.on("exit", (code, signal) => process.exit(code ?? 128 + constants.signals[signal ?? "SIGTERM"]))
  return true
}
