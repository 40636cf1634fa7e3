/** The other end of a thread's questions: runs in the thread. */
import type { Answer } from "./thread.ts"

/** Answers each question of the page, in the order in which the answers are ready. */
export const answering = <Question>(answer: (question: Question) => Promise<unknown>): void => {
  self.onmessage = ({ data: { id, question } }: MessageEvent<{ readonly id: number; readonly question: Question }>) => {
    const reply = (more: Omit<Answer, "id">) => self.postMessage({ id, ...more } satisfies Answer)
    answer(question).then(
      (value) => reply({ value }),
      (fault: unknown) => reply({ fault: fault instanceof Error ? fault.message : String(fault) })
    )
  }
}
