/** Shared memory that tasks of worker threads borrow. */
import { Effect } from "effect"

/**
 * Returns a function that lends a task its own memory while the task runs. Later tasks use the same memory again, and new memory is
 * allocated only when all of it is lent. The garbage collector does not count shared memory, so new memory for every task would
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
