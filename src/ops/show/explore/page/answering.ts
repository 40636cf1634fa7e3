/** The other end of a thread's questions: runs in the thread. */
import type { Answer } from "./thread.ts"

/** Answers each question of the page, in the order in which the answers are ready. An array of float64 moves to the page. */
export const answering = <Question>(answer: (question: Question) => Promise<unknown>): void => {
  self.onmessage = ({ data: { id, question } }: MessageEvent<{ readonly id: number; readonly question: Question }>) => {
    const reply = (more: Omit<Answer, "id">, transfer: ReadonlyArray<Transferable> = []) =>
      self.postMessage({ id, ...more } satisfies Answer, { transfer: [...transfer] })
    answer(question).then(
      (value) => reply({ value }, value instanceof Float64Array ? [value.buffer] : []),
      (fault: unknown) => reply({ fault: fault instanceof Error ? fault.message : String(fault) })
    )
  }
}
