/** Refreshes the file of a lock while its process runs, so that other machines see that the process is alive. */
import { Worker } from "node:worker_threads"

/**
 * In a thread of its own, since the main one may be inside a long native step. It compares and writes through one open file, so
 * it never writes into the lock of another process.
 */
const REFRESH = `
const { workerData: { every, path, text } } = require("node:worker_threads")
const { closeSync, openSync, readFileSync, writeSync } = require("node:fs")
const refresh = () => {
  const file = openSync(path, "r+")
  try {
    if (readFileSync(file, "utf8") === text) writeSync(file, text, 0)
  } finally {
    closeSync(file)
  }
}
setInterval(() => {
  try {
    refresh()
  } catch {
    // The next one may succeed.
  }
}, every)`

/**
 * Writes the same text into a file again and again, as long as the file has it: only the time of the file changes.
 *
 * @param every milliseconds between two refreshes
 * @returns stops it
 */
export const keepFresh = (path: string, text: string, every: number): (() => void) => {
  const thread = new Worker(REFRESH, { eval: true, execArgv: [], workerData: { every, path, text } })
  thread.unref()
  // Without the thread, a lock only looks old to other machines.
  thread.on("error", () => {})
  return () => void thread.terminate()
}
