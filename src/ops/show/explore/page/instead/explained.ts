/** Takes the place of `pipeline/explained.ts` in the page: the same messages, without Effect. */
interface Explanation {
  readonly subject: string
  readonly problem: string
  readonly remedy: string
  readonly cause?: unknown
}

export const explained = (tag: string) =>
  class extends Error {
    readonly _tag = tag
    readonly subject: string
    readonly problem: string
    readonly remedy: string
    constructor({ cause, problem, remedy, subject }: Explanation) {
      super(`${subject}: ${problem}.${remedy === "" ? "" : ` ${remedy}.`}`, { cause })
      this.subject = subject
      this.problem = problem
      this.remedy = remedy
    }
  }
