/** Loops that threads can share; see `team.ts`. It needs no package and runs in browsers, too. */

/** A loop whose rows are independent: each is computed from `data` alone, and writes only values of its own. */
export interface Loop<Data> {
  /** Its name among the loops of a team. */
  readonly name: string
  /** Returns a function that computes the rows [from, to). The rows of one thread share its memory. */
  readonly rows: (data: Data) => (from: number, to: number) => void
}

/** Threads that share loops. */
export interface Team {
  /**
   * Computes the rows [0, count) of a loop, divided among this thread and the others. It returns when all are computed.
   *
   * @param data plain values; arrays that the loop writes are in shared memory
   * @throws Error if a thread failed or has ended; the error of the calling thread itself as it is
   */
  readonly run: <Data>(loop: Loop<Data>, data: Data, count: number) => void
  /**
   * Shared memory of at least `bytes`, with values of an earlier use. A name always has the same memory, until more is needed:
   * threads free shared memory late, so new memory for every batch would fill the machine.
   */
  readonly memory: (name: string, bytes: number) => SharedArrayBuffer
}

/** A loop for the threads of a team. */
export interface Job {
  readonly name: string
  readonly data: unknown
  readonly count: number
  /** Rows that are claimed at a time. */
  readonly chunk: number
  /** Shared counters: first row that nobody has claimed, number of computed rows, number of failures. */
  readonly state: Int32Array
}

const [NEXT, DONE, FAILED] = [0, 1, 2]

/** Counters of a new job. */
export const newState = (): Int32Array => new Int32Array(new SharedArrayBuffer(12))

/** Claims and computes rows of a job until none is left. */
export const takePart = <Data>(loop: Loop<Data>, { chunk, count, data, state }: Job): void => {
  let rows: ReturnType<Loop<Data>["rows"]> | undefined
  for (;;) {
    const from = Atomics.add(state, NEXT, chunk)
    if (from >= count) return
    const to = Math.min(count, from + chunk)
    try {
      rows ??= loop.rows(data as Data)
      rows(from, to)
    } catch (fault) {
      Atomics.add(state, FAILED, 1)
      // Rows that nobody has claimed will never be computed; nobody may wait for them.
      Atomics.add(state, DONE, Math.max(0, count - Atomics.exchange(state, NEXT, count)))
      throw fault
    } finally {
      Atomics.add(state, DONE, to - from)
      Atomics.notify(state, DONE)
    }
  }
}

/** Milliseconds after which a thread that waits looks whether the others are still there. */
const LOOK = 500

/**
 * Waits until all rows of a job are computed.
 *
 * @param check throws if a thread has ended, whose rows would never be computed
 * @returns whether a thread failed
 */
export const complete = ({ count, state }: Job, check: () => void): boolean => {
  for (let done = Atomics.load(state, DONE); done < count; done = Atomics.load(state, DONE)) {
    if (Atomics.wait(state, DONE, done, LOOK) === "timed-out") check()
  }
  return Atomics.load(state, FAILED) > 0
}
