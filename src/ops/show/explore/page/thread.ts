/** Worker threads of the page, made of texts, since a page opened from disk can load no worker from a file. */

/** An answer of a thread, with the number of its question. */
export interface Answer {
  readonly id: number
  readonly value?: unknown
  readonly fault?: string
}

/** Asks a thread; `transfer` lists buffers that move there. Rejects with the thread's fault. */
export type Ask<Question> = <A>(question: Question, transfer?: ReadonlyArray<Transferable>) => Promise<A>

/**
 * Starts a thread that answers by `answering`.
 *
 * @param texts of its script, in order
 */
export const openThread = <Question>(texts: ReadonlyArray<string>): Ask<Question> => {
  const script = new Blob([texts.join("\n")], { type: "text/javascript" })
  const thread = new Worker(URL.createObjectURL(script))
  const waiting = new Map<number, (answer: Omit<Answer, "id">) => void>()
  let last = 0
  thread.onmessage = ({ data }: MessageEvent<Answer>) => {
    waiting.get(data.id)?.(data)
    waiting.delete(data.id)
  }
  thread.onerror = ({ message }) => {
    for (const answered of waiting.values()) answered({ fault: message || "a thread of the page cannot start" })
    waiting.clear()
  }
  return <A>(question: Question, transfer: ReadonlyArray<Transferable> = []): Promise<A> =>
    new Promise((resolve, reject) => {
      const id = ++last
      waiting.set(id, ({ fault, value }) => (fault === undefined ? resolve(value as A) : reject(new Error(fault))))
      thread.postMessage({ id, question }, [...transfer])
    })
}
