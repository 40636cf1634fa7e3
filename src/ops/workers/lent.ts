/** Shared memory that tasks of worker threads borrow. */
import { Effect } from "effect"

/**
 * Makes a function that runs a task with memory that no other task has at that time. Memory is made when all of it is in use,
 * and used again by later tasks: the garbage collector does not count shared memory, so new memory for every task would
 * fill the machine.
 *
 * @param make allocates memory for one task
 */
export const lent = <Room>(make: () => Room) => {
  const free: Array<Room> = []
  return <A, E, R>(task: (room: Room) => Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
    Effect.acquireUseRelease(
      Effect.sync(() => free.pop() ?? make()),
      task,
      (room) => Effect.sync(() => void free.push(room))
    )
}
