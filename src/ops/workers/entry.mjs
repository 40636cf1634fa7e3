// First code of every worker thread. Plain JavaScript: on Node 20 a thread cannot start with a TypeScript file.
import { parentPort, workerData } from "node:worker_threads"

// In a clone the modules are TypeScript; the published package holds JavaScript and does not need tsx.
if (workerData.module.endsWith(".ts")) (await import("tsx/esm/api")).register()

/** The parts of an error that a user sees; its class is lost between threads. */
const plain = (fault) => {
  const { _tag, subject, problem, remedy, message, stack } = fault instanceof Error ? fault : new Error(String(fault))
  return { tag: _tag, subject, problem, remedy, message, stack }
}

const { work } = await import(workerData.module)
const task = await work(workerData.data)

// Threads of a team receive their jobs from the calling thread, not from the one that started them.
const port = workerData.port ?? parentPort
port.on("message", async (input) => {
  try {
    const { output, transfer = [] } = await task(input)
    port.postMessage({ output }, transfer)
  } catch (fault) {
    port.postMessage({ fault: plain(fault) })
  }
})
