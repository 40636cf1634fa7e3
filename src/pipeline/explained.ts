// Importing all of "effect" takes a second, which worker threads must not pay.
import type * as Cause from "effect/Cause"
import * as Data from "effect/Data"

/** The parts of an error message for users. */
export interface Explanation {
  /** The file, key or item that is at fault. */
  readonly subject: string
  /** The fault, as a clause without a full stop. */
  readonly problem: string
  /** The remedy, as a sentence without a full stop; empty if the problem already names it. */
  readonly remedy: string
  /** The error that caused this one. */
  readonly cause?: unknown
}

/** Base class that `explained` makes. Its name is written out, so that declarations of the package can name it. */
export type ExplainedClass<Tag extends string> = new (
  args: Explanation
) => Cause.YieldableError & { readonly _tag: Tag } & Explanation

/**
 * Makes the base class of a tagged error whose message is built from its fields:
 * `subject: problem. Remedy.`
 *
 * @example
 * class StoreError extends explained("StoreError") {}
 * const error = new StoreError({ subject: "patches.lmdb", problem: "is not a store", remedy: "Run `prepare` again" })
 * error.message // => "patches.lmdb: is not a store. Run `prepare` again."
 */
export const explained = <Tag extends string>(tag: Tag): ExplainedClass<Tag> => {
  class Explained extends Data.TaggedError(tag)<Explanation> {
    override get message(): string {
      const problem = `${this.subject}: ${this.problem}${this.problem.endsWith("?") ? "" : "."}`
      return this.remedy === "" ? problem : `${problem} ${this.remedy}.`
    }
  }
  return Explained
}
