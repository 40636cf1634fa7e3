/** Work for the tests of worker threads: squares numbers, and fails or dies where it is told to. */
import type { Work } from "../../../src/ops/workers/thread.ts"

/** The fields of an explained error; the class itself would bring Effect, and a second of start, with it. */
const explained = { _tag: "DataError", subject: "a.tif", problem: "is cut", remedy: "Fetch it again" }

export type Question = number | "explained" | "plain" | "exit"

export const work: Work<{ readonly plus: number }, Question, Float64Array> =
  ({ plus }) =>
  async (input) => {
    if (input === "explained") throw Object.assign(new Error(), explained)
    if (input === "plain") throw new Error("a bug")
    if (input === "exit") process.exit(3)
    // The larger, the sooner done: so answers come out of order.
    await new Promise((resolve) => setTimeout(resolve, 20 / (input + 1)))
    const output = new Float64Array([input * input + plus])
    return { output, transfer: [output.buffer] }
  }
