/** Child processes: the one place of the set-up that starts any. */
import { spawn } from "node:child_process"
import { Effect } from "effect"
import { NoProgram, type Outcome } from "./machine.ts"

const GRACE_MS = 3000

/**
 * Runs a program to its end and collects what it says. An interrupt ends it together with what it has started, and
 * waits for that.
 */
export const runChild = (
  program: string,
  args: ReadonlyArray<string>,
  options: { readonly cwd?: string; readonly env: Readonly<Record<string, string | undefined>> }
): Effect.Effect<Outcome, NoProgram> =>
  Effect.callback<Outcome, NoProgram>((resume) => {
    // A group of its own: make and the compiler end with node-gyp, and the terminal's ^C reaches us first.
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
        // It has ended meanwhile, which is what was wanted.
      }
    }
    return Effect.promise(async () => {
      signalGroup("SIGTERM")
      const force = setTimeout(() => signalGroup("SIGKILL"), GRACE_MS)
      await ended
      clearTimeout(force)
    })
  })
