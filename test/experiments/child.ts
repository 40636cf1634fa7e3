/** Runs the command line as a child process, as a user would. */
import { spawn } from "node:child_process"
import { join, resolve } from "node:path"

const root = resolve(import.meta.dirname, "../..")

export interface Ended {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly out: string
  readonly err: string
}

/** `npx` dies of SIGINT itself, so the loader is given to Node. */
export const runChild = (
  args: ReadonlyArray<string>,
  options: {
    readonly signal?: NodeJS.Signals
    readonly afterMs?: number
    readonly when?: (err: string) => boolean
    readonly env?: NodeJS.ProcessEnv
  } = {}
): Promise<Ended> =>
  new Promise((done, failed) => {
    const child = spawn(process.execPath, ["--import", "tsx", join("src", "experiments", "run.ts"), ...args], {
      cwd: root,
      env: { ...process.env, ...options.env },
      stdio: ["ignore", "pipe", "pipe"]
    })
    let out = ""
    let err = ""
    let told = false
    const tell = () => {
      if (!told && options.signal !== undefined) child.kill(options.signal)
      told = true
    }
    child.stdout.on("data", (chunk) => (out += chunk))
    child.stderr.on("data", (chunk) => {
      err += chunk
      if (options.when?.(err) === true) setTimeout(tell, options.afterMs ?? 0)
    })
    if (options.when === undefined && options.afterMs !== undefined) setTimeout(tell, options.afterMs)
    child.on("error", failed)
    child.on("close", (code, signal) => done({ code, signal, out, err }))
  })
