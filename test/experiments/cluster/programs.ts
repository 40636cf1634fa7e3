/** Runs and workers as programs of their own, as users start them. */
import { type ChildProcess, spawn } from "node:child_process"
import { join, resolve } from "node:path"
import { loaderOf } from "../../../src/pipeline/loader.ts"

const SOURCE = resolve(import.meta.dirname, "../../../src/experiments")

export interface Program {
  readonly process: ChildProcess
  /** Everything that it has written so far. */
  readonly said: () => string
  /** Its exit code; `null` if a signal ended it. */
  readonly ended: Promise<number | null>
}

/** Programs that have not ended. */
export const running = new Set<ChildProcess>()

/**
 * Starts a program of `src/experiments`.
 *
 * @param url address of the cluster's database
 */
export const program = (file: string, args: ReadonlyArray<string>, cwd: string, url?: string): Program => {
  const env = { ...process.env, ...(url === undefined ? {} : { ORBITRANK_CLUSTER: url }) }
  const started = spawn(process.execPath, [...loaderOf(file), join(SOURCE, file), ...args], { cwd, env })
  running.add(started)
  let said = ""
  for (const stream of [started.stdout, started.stderr]) stream.on("data", (text: Buffer) => (said += text))
  const ended = new Promise<number | null>((done) =>
    started.on("exit", (code) => {
      running.delete(started)
      done(code)
    })
  )
  return { process: started, said: () => said, ended }
}

/**
 * Starts a worker that computes on WebAssembly with one thread per process.
 *
 * @param shared the shared folder
 * @param url address of the cluster's database
 */
export const startWorker = (shared: string, url: string, cwd = shared): Program =>
  program("worker.ts", ["--shared", shared, "--device", "wasm", "--threads", "1"], cwd, url)

/** Waits for a condition, however long a loaded machine takes; fails if the program ends before it holds. */
export const until = async (what: string, holds: () => boolean, of: Program): Promise<void> => {
  for (let ended = false; !holds(); ended ||= of.process.exitCode !== null || of.process.signalCode !== null) {
    if (ended) throw new Error(`ended before this: ${what}\n${of.said()}`)
    await new Promise((done) => setTimeout(done, 100))
  }
}

/** Waits until workers are ready to take ranges and cells. */
export const ready = async (workers: ReadonlyArray<Program>): Promise<void> => {
  for (const one of workers) await until("a worker", () => one.said().includes("orbitrank worker"), one)
}
