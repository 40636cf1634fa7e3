/** The machine as the set-up sees it. Everything outside the program is behind this service, so that tests can replace it. */
import { Context, Data, type Effect } from "effect"
import type { Pins } from "./pins.ts"

/** Operating system, processor and C library, under Node's names. */
export interface Platform {
  readonly os: string
  readonly arch: string
  /** `none` outside Linux. */
  readonly libc: "glibc" | "musl" | "none"
}

/** The outcome of a child process. */
export interface Outcome {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** The program is not on the search path. */
export class NoProgram extends Data.TaggedError("NoProgram")<{ readonly program: string }> {}

/** The machine, as a service. */
export class Machine extends Context.Service<
  Machine,
  {
    readonly platform: Platform
    /** The project's root: `.tensorflow` is made here. Absolute. */
    readonly project: string
    /** Folder of the libraries, shared by all projects of a user. Absolute; may not exist yet. */
    readonly cache: string
    readonly env: Readonly<Record<string, string | undefined>>
    /** The Node that runs this. */
    readonly node: string
    /** SHA-256 of wheels that are known before any index is asked. */
    readonly pins: Pins
    /** Free disk space in bytes at `folder`, which need not exist yet. */
    readonly free: (folder: string) => Effect.Effect<number>
    /** Runs a program to its end; an interrupt ends the program. An exit code other than 0 is an outcome, not an error. */
    readonly run: (
      program: string,
      args: ReadonlyArray<string>,
      options?: { readonly cwd?: string; readonly env?: Readonly<Record<string, string>> }
    ) => Effect.Effect<Outcome, NoProgram>
    /** Prints one line. */
    readonly say: (line: string) => void
    /** Shows the progress of a task in bytes; `total` is undefined if it is unknown. `done === total` ends the bar. */
    readonly progress: (task: string, done: number, total: number | undefined) => void
  }
>()("orbitrank/ops/tensor/setup/Machine") {}

/** Returns the key of libraries and bindings, such as `linux-x64`. */
export const platformKey = (platform: Platform): string => `${platform.os}-${platform.arch}`
