/** The machine as the set-up sees it. Everything outside the program is behind this service, so that tests give another. */
import { Context, Data, type Effect } from "effect"

/** Operating system, processor and C library, under Node's names. */
export interface Platform {
  readonly os: string
  readonly arch: string
  /** `none` where there is no C library that Node knows by name. */
  readonly libc: "glibc" | "musl" | "none"
}

/** How a child process ended. */
export interface Outcome {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** There is no such program on the search path. */
export class NoProgram extends Data.TaggedError("NoProgram")<{ readonly program: string }> {}

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
    /** Bytes that can still be written where `folder` is or will be. */
    readonly free: (folder: string) => Effect.Effect<number>
    /** Runs a program to its end; ended when interrupted. A code other than 0 is an outcome, not an error. */
    readonly run: (
      program: string,
      args: ReadonlyArray<string>,
      options?: { readonly cwd?: string; readonly env?: Readonly<Record<string, string>> }
    ) => Effect.Effect<Outcome, NoProgram>
    /** Says one line to the user. */
    readonly say: (line: string) => void
    /** Shows how far a task is, in bytes; `total` is undefined where nobody knows it. `done === total` ends the bar. */
    readonly progress: (task: string, done: number, total: number | undefined) => void
  }
>()("orbitrank/ops/tensor/setup/Machine") {}

/** `linux-x64`: the key of libraries and bindings. */
export const platformKey = (platform: Platform): string => `${platform.os}-${platform.arch}`
