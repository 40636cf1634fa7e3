/** What happened to a cell of a sweep so far, in a file that all workers see: one word per line. */
import { appendFileSync, existsSync, readFileSync } from "node:fs"
import { deadlyCell, MOST_BEGINNINGS, MOST_DEATHS } from "../ranges/deadly.ts"

/** A cell that was begun and neither ended nor died belonged to a worker that vanished. */
type Event = "begun" | "ended" | "died"

/** Notes an event. Throws what the file system throws. */
export const note = (path: string, event: Event): void => appendFileSync(path, `${event}\n`)

/**
 * Fails if a cell has ended its process, or if its workers have vanished, too often.
 *
 * @param path of its file
 * @throws PartError that names the cell
 */
export const checkLog = (path: string, cell: string): void => {
  const events = existsSync(path) ? readFileSync(path, "utf8").split("\n") : []
  const count = (event: Event) => events.filter((one) => one === event).length
  const deaths = count("died")
  if (deaths >= MOST_DEATHS) throw deadlyCell(cell, "its process was killed, or ran out of memory", deaths)
  const vanished = count("begun") - count("ended") - deaths
  if (vanished >= MOST_BEGINNINGS) throw deadlyCell(cell, "the workers that ran it vanished", vanished)
}
