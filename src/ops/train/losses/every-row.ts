/** Loops over the rows of a batch, on one thread or several. Each row is computed alone, so threads change no digit. */
import type { Loop, Team } from "../../workers/loops.ts"

/** Computes the rows [0, count) of a loop. */
export const everyRow = <Data>(team: Team | undefined, loop: Loop<Data>, data: Data, count: number): void =>
  team === undefined ? loop.rows(data)(0, count) : team.run(loop, data, count)

/**
 * Zeros, in memory that all threads of a team share.
 *
 * @param name of the values: the team's memory for them is used again by the next batch
 */
export const numbers = (team: Team | undefined, name: string, length: number): Float64Array =>
  team === undefined ? new Float64Array(length) : new Float64Array(team.memory(name, 8 * length), 0, length).fill(0)

/** The same values in memory that all threads of a team share. */
export const shared = (team: Team | undefined, name: string, values: Float64Array): Float64Array => {
  if (team === undefined || values.buffer instanceof SharedArrayBuffer) return values
  const copy = numbers(team, name, values.length)
  copy.set(values)
  return copy
}

/** Numbers in single precision, with any content, in memory that all threads of a team share. */
export const singles = (team: Team | undefined, name: string, length: number): Float32Array =>
  team === undefined ? new Float32Array(length) : new Float32Array(team.memory(name, 4 * length), 0, length)

/** The same numbers in memory that the next batch does not overwrite. */
export const own = (team: Team | undefined, values: Float32Array): Float32Array =>
  team === undefined ? values : new Float32Array(values)
