/**
 * Runs the program in a process of its own, and answers signals for it.
 *
 * The command `tsx` kills a program by SIGKILL if it does not answer a signal within some hundredths of a second; a
 * program that computes cannot answer. It would leave no advice and a locked folder. A program whose only thread is inside
 * a long native step cannot end itself either. This process, which does nothing else, can: it passes the first signal on,
 * and ends the program at once on the second one.
 */
import { spawn } from "node:child_process"
import { constants } from "node:os"
import { Worker } from "node:worker_threads"
import { AT_ONCE, ECHO, LAUNCHER, STOPPING } from "../../pipeline/stopping.ts"

/** The file that `tsx` loads into its programs to hear whether they answer. */
const LISTENER = /[\\/]preflight\.c?js$/

/** Milliseconds after which a program that was asked to stop is said to be still at work. */
const PATIENCE = 2000

/** Milliseconds that a program has to end by itself on the second signal. */
const GRACE = 300

/** The file by which `tsx` loads TypeScript. */
const LOADER = /[\\/]tsx[\\/]dist[\\/]loader\.mjs$/

/** Arguments of Node without files that match a pattern, and without the flags before them. */
const without = (args: ReadonlyArray<string>, file: RegExp): ReadonlyArray<string> =>
  args.filter((arg, i) => !file.test(arg) && !file.test(args[i + 1] ?? ""))

/** Arguments of Node without the listener and the flag before it. */
export const withoutListener = (args: ReadonlyArray<string>): ReadonlyArray<string> => without(args, LISTENER)

const say = (line: string): void => void process.stderr.write(`${line}\n`)

/** In a thread of its own, since the main one may be inside a long native step. */
const WATCH = `
const { workerData: launcher } = require("node:worker_threads")
const timer = setInterval(() => {
  if (process.ppid === launcher) return
  clearInterval(timer)
  process.kill(process.pid, "SIGTERM")
  setTimeout(() => process.kill(process.pid, "SIGKILL"), 10000)
}, 500)`

/** Ends this program if its launcher was killed: cleanly if it answers within ten seconds. */
export const watchLauncher = (): void => {
  if (process.env[LAUNCHER] === String(process.ppid))
    new Worker(WATCH, { eval: true, workerData: process.ppid }).unref()
}

/**
 * Starts this very program again without the listener of `tsx`, if it has one, and ends as that ends.
 *
 * @param program file of JavaScript that starts it, which needs no `tsx`; by default the file of this process
 * @returns whether it did
 */
export const launch = (program?: string): boolean => {
  const args = withoutListener(process.execArgv)
  if (args.length === process.execArgv.length) {
    watchLauncher()
    return false
  }
  process.stderr.on("error", () => {})
  const env = { ...process.env, [LAUNCHER]: String(process.pid) }
  const [own, ...rest] = process.argv.slice(1)
  const command = program === undefined ? [...args, own] : [...without(args, LOADER), program]
  const child = spawn(process.execPath, [...command, ...rest], { stdio: "inherit", env })
  let stopping = 0
  let forced: number | undefined
  const stop = (signal: keyof typeof STOPPING) => {
    const now = performance.now()
    if (stopping === 0) {
      stopping = now
      child.kill(signal)
      setTimeout(() => {
        if (forced === undefined) say("Stopping at the next step; press ^C again to end at once.")
      }, PATIENCE)
    } else if (now - stopping > ECHO && forced === undefined) {
      const code = STOPPING[signal]
      // If the program can still answer, it prints this itself.
      setTimeout(() => {
        forced = code
        say(AT_ONCE)
        child.kill("SIGKILL")
      }, GRACE)
      child.kill(signal)
    }
  }
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => stop(signal))
  child.on("error", (cause) => {
    say(`${process.execPath}: cannot be started (${cause.message}). Check that Node is there.`)
    process.exit(1)
  })
  child.on("exit", (code, signal) => process.exit(forced ?? code ?? 128 + constants.signals[signal ?? "SIGTERM"]))
  return true
}
