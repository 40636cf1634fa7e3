/** Starts child processes; no other file of the set-up does. */
import { spawn } from "node:child_process"
import { Effect } from "effect"
import { NoProgram, type Outcome } from "./machine.ts"

const GRACE_MS = 3000

/**
 * Runs a program to its end and collects its output. An interrupt ends the program with all of its own child processes
 * and waits until they have ended.
 *
 * @error NoProgram if the program is not on the search path
 */
export const runChild = (
  program: string,
  args: ReadonlyArray<string>,
  options: { readonly cwd?: string; readonly env: Readonly<Record<string, string | undefined>> }
): Effect.Effect<Outcome, NoProgram> =>
  Effect.callback<Outcome, NoProgram>((resume) => {
    // In a process group of its own, so that make and the compiler end with node-gyp, and ^C reaches this process first.
    const child = spawn(program, args, { ...options, detached: true, stdio: ["ignore", "pipe", "pipe"] })
    let stdout = ""
    let stderr = ""
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      stdout += text
    })
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      stderr += text
    })
    const ended = new Promise<void>((done) => {
      child.once("error", () => {
        resume(Effect.fail(new NoProgram({ program })))
        done()
      })
      child.once("close", (code, signal) => {
        resume(Effect.succeed({ code: code ?? 1, stdout, stderr: signal === null ? stderr : `${stderr}\n${signal}` }))
        done()
      })
    })
    const signalGroup = (signal: NodeJS.Signals) => {
      try {
        if (child.pid !== undefined) process.kill(-child.pid, signal)
      } catch {
        // The group has ended already.
      }
    }
    return Effect.promise(async () => {
      signalGroup("SIGTERM")
      const force = setTimeout(() => signalGroup("SIGKILL"), GRACE_MS)
      await ended
      clearTimeout(force)
    })
  })
