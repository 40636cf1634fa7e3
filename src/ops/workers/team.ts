/**
 * Threads that share the loops of a synchronous computation. The calling thread works on its own loop and waits until the loop
 * is complete, so its caller need not be asynchronous. It does not import Effect, like all code that plain functions use.
 */
import { MessageChannel, receiveMessageOnPort, Worker } from "node:worker_threads"
import type { Guarded } from "./guard.ts"
import { complete, type Job, newState, type Team, takePart } from "./loops.ts"

/** Parts of a loop per thread: more than one, because rows may differ in cost. */
const PARTS = 8

/** A team, until it is closed. */
export interface OpenTeam extends Team {
  /** Ends the other threads. */
  readonly close: () => void
}

/** The other threads of a team. */
interface Threads {
  readonly post: (job: Job) => void
  /** @throws Error if a thread has ended */
  readonly check: () => void
  readonly close: () => void
}

/** Starts threads by a guard, see `guard.ts`. They do not keep the process alive. */
const startThreads = (module: URL, count: number): Threads => {
  const channels = Array.from({ length: count }, () => new MessageChannel())
  const { port1: reports, port2: ends } = new MessageChannel()
  const ports = channels.map(({ port1 }) => port1)
  const jobs = channels.map(({ port2 }) => port2)
  // Answers only say that a thread is done, which the state of a job shows. Without a listener they would pile up.
  for (const port of ports) port.on("message", () => {}).unref()
  const data: Guarded = { module: module.href, jobs, ends }
  const guard = new Worker(new URL("./entry.mjs", import.meta.url), {
    execArgv: [],
    workerData: { module: new URL("./guard.ts", import.meta.url).href, data },
    transferList: [...jobs, ends]
  })
  let fault: unknown
  guard.on("error", (cause) => {
    fault ??= cause
  })
  guard.unref()
  return {
    post: (job) => {
      for (const port of ports) port.postMessage(job)
    },
    check: () => {
      const why: unknown = receiveMessageOnPort(reports)?.message
      if (why !== undefined) fault ??= new Error(`a thread that shares loops has ended (${why})`)
      if (fault !== undefined) throw fault
    },
    close: () => {
      void guard.terminate()
      for (const port of [...ports, reports]) port.close()
    }
  }
}

/**
 * Makes a team of `size` threads, the calling one included. The others start with the first loop; until they are ready, and
 * after the team is closed, this thread computes alone. They do not keep the process alive.
 *
 * @param module URL of a module that exports `work`, which returns a function of a `Job`
 */
export const openTeam = (module: URL, size: number): OpenTeam => {
  let threads: Threads | undefined
  let closed = size === 1
  const memory = new Map<string, SharedArrayBuffer>()
  return {
    run: (loop, data, count) => {
      if (!closed) threads ??= startThreads(module, size - 1)
      threads?.check()
      const chunk = Math.max(1, Math.floor(count / (size * PARTS)))
      const job: Job = { name: loop.name, data, count, chunk, state: newState() }
      threads?.post(job)
      let own: { readonly cause: unknown } | undefined
      try {
        takePart(loop, job)
      } catch (cause) {
        own = { cause }
      }
      // Other threads may still write the rows that they have claimed.
      const failed = complete(job, () => threads?.check())
      if (own !== undefined) throw own.cause
      if (failed) throw new Error(`a thread failed to compute ${loop.name}`)
    },
    memory: (name, bytes) => {
      const known = memory.get(name)
      if (known !== undefined && known.byteLength >= bytes) return known
      const made = new SharedArrayBuffer(bytes)
      memory.set(name, made)
      return made
    },
    close: () => {
      threads?.close()
      threads = undefined
      closed = true
      memory.clear()
    }
  }
}
