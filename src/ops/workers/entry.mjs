// First code of every worker thread. Plain JavaScript: a thread of Node 20 cannot begin with a TypeScript file.
import { parentPort, workerData } from "node:worker_threads"
import { register } from "tsx/esm/api"

register()

/** Errors lose their class between threads; what a user is told of them does not. */
const plain = (fault) => {
  const { _tag, subject, problem, remedy, message, stack } = fault instanceof Error ? fault : new Error(String(fault))
  return { tag: _tag, subject, problem, remedy, message, stack }
}

const { work } = await import(workerData.module)
const task = await work(workerData.data)

parentPort.on("message", async (input) => {
  try {
    const { output, transfer = [] } = await task(input)
    parentPort.postMessage({ output }, transfer)
  } catch (fault) {
    parentPort.postMessage({ fault: plain(fault) })
  }
})
