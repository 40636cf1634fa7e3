/** Standard output and standard error of a program: all of a text is written, or the failure is reported. */
import { fstatSync, writeSync } from "node:fs"
import { isatty } from "node:tty"
import { Effect } from "effect"
import { diskProblem } from "./disk.ts"
import { explained } from "./explained.ts"
import { messageOf } from "./words.ts"

/** Standard output cannot be written. */
export class OutputError extends explained("OutputError") {}

/**
 * Writes all bytes, by as many calls as that takes: a file on a nearly full disk takes fewer bytes than it is given, and
 * only the next call fails.
 *
 * @param write writes some of the bytes from `offset` on, and returns how many
 *
 * @example
 * const taken = []
 * wholly((bytes, offset) => taken.push(bytes[offset]) && 1, Buffer.from([7, 8, 9]))
 * const bytes = taken // => [7, 8, 9]
 */
export const wholly = (write: (bytes: Uint8Array, offset: number) => number, bytes: Uint8Array): void => {
  for (let done = 0; done < bytes.length; ) done += write(bytes, done)
}

const ignore = () => {}

/** Files and devices are written directly: the streams of Node drop what such a call does not take. */
const isDirect = (fd: number): boolean => {
  try {
    const found = fstatSync(fd)
    return found.isFile() || found.isBlockDevice() || (found.isCharacterDevice() && !isatty(fd))
  } catch {
    return false
  }
}

/** Resumes with nothing once the text is written, or with the error. */
const write = (stream: NodeJS.WriteStream & { readonly fd?: number }, text: string): Effect.Effect<unknown> =>
  Effect.callback((resume) => {
    const { fd } = stream
    if (fd !== undefined && isDirect(fd)) {
      try {
        wholly((bytes, offset) => writeSync(fd, bytes, offset), Buffer.from(text, "utf8"))
        resume(Effect.undefined)
      } catch (cause) {
        resume(Effect.succeed(cause))
      }
      return
    }
    // Without a listener, the error of a closed pipe would end the process.
    stream.on("error", ignore)
    stream.write(text, (cause) => resume(Effect.succeed(cause ?? undefined)))
  })

/**
 * Writes a text to standard output, as fast as that takes it.
 *
 * @returns false if nobody reads it any more, as after `| head`; fails for any other error, such as a full disk
 */
export const printed = (text: string): Effect.Effect<boolean, OutputError> =>
  Effect.flatMap(write(process.stdout, text), (cause) => {
    if (cause === undefined) return Effect.succeed(true)
    if (cause instanceof Error && "code" in cause && cause.code === "EPIPE") return Effect.succeed(false)
    return new OutputError({
      subject: "standard output",
      problem: `cannot be written: ${diskProblem(cause) ?? messageOf(cause)}`,
      remedy: "Free space there, or redirect it to another place",
      cause
    })
  })

/** Writes a line to standard error, and waits until it is written; if that fails, nothing more can be said. */
export const complained = (line: string): Effect.Effect<void> => Effect.asVoid(write(process.stderr, `${line}\n`))
