/** Runs a network in a worker thread. Does not import Effect. */
import type { Work } from "../workers/thread.ts"
import { type OnnxArray, openSession, type SessionOptions } from "./runtime.ts"

/** One run of a network. */
export interface SessionTask {
  readonly feeds: Readonly<Record<string, OnnxArray>>
  readonly outputs: ReadonlyArray<string>
}
export type SessionResult = Readonly<Record<string, OnnxArray>>

export const work: Work<SessionOptions & { readonly file: string }, SessionTask, SessionResult> = ({
  file,
  ...options
}) => {
  // With the first task, so that a file that cannot be loaded fails a task, not the thread.
  let session: ReturnType<typeof openSession> | undefined
  return async ({ feeds, outputs }) => {
    session ??= openSession(file, options)
    const output = await (await session).run(feeds, outputs)
    return { output, transfer: Object.values(output).map(({ data }) => data.buffer) }
  }
}
