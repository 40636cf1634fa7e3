/** Ranges and cells that end their process, or whose workers vanish, again and again. */
import { nameOf, PartError, type Task } from "./task.ts"

/** How often a range or a cell may end its process before it fails the run. */
export const MOST_DEATHS = 3

/** How often a range or a cell may be begun by workers that vanish. */
export const MOST_BEGINNINGS = 10

const MEMORY = "give each process more memory: fewer processes, smaller batches"

/**
 * The failure of such a range.
 *
 * @param what what happened
 */
export const deadlyRange = (task: Pick<Task, "from" | "pipeline" | "to">, what: string, times: number): PartError =>
  new PartError({
    subject: nameOf(task),
    problem: `${what}, ${times} times`,
    remedy: `Look for the patches of this range that crash a process, or ${MEMORY}, a smaller \`range\``
  })

/**
 * The failure of such a cell of a sweep.
 *
 * @param what what happened
 */
export const deadlyCell = (cell: string, what: string, times: number): PartError =>
  new PartError({
    subject: cell,
    problem: `${what}, ${times} times`,
    remedy: `Run this cell alone to see why, or ${MEMORY}`
  })
