/**
 * Declarations of an operator about its effects outside the stream. They are functions of the decoded parameters, so that
 * a configuration can be checked, and a run planned, before anything runs.
 */

import type { Misfit } from "./check.ts"

/** Folders of a run; both paths are absolute. */
export interface Places {
  /** The run folder. */
  readonly folder: string
  /** The folder of archives and stores, `root_dir`. */
  readonly root: string
}

/** Channels, edge length in pixels and number of classes of the images at some point of a pipeline; absent if unknown. */
export interface Shape {
  readonly channels?: number | undefined
  readonly classes?: number | undefined
  readonly size?: number | undefined
}

/**
 * Effects of an operator, by its parameters `P`. Every part is optional: without it the operator has no such effect.
 *
 * @example
 * const declares: Declares<{ readonly to: string }> = { writes: ({ to }) => [`${to}.csv`] }
 */
// biome-ignore lint/suspicious/noExplicitAny: the parameters of any operator
export interface Declares<P = any> {
  /**
   * Files that only this step may write: two steps of one configuration that write the same file are a fault. Paths are
   * relative to the run folder, with `/`, or absolute; `*` matches any part of one name.
   */
  readonly writes?: (params: P) => ReadonlyArray<string>
  /** Files that several steps may write, each in place of the one before, in the form of `writes`. */
  readonly shares?: (params: P) => ReadonlyArray<string>
  /** Absolute paths of files outside the run folder that decide the result: if one changes, the pipeline runs again. */
  readonly reads?: (params: P, places: Places) => ReadonlyArray<string>
  /** Shape of the images that it emits, as far as the parameters fix it; for the rest, that of its input. */
  readonly gives?: (params: P) => Shape
  /** The network that it applies to images, as its parameter `model` describes it; `undefined` if it applies none. */
  readonly network?: (params: P) => { readonly channels?: number | undefined } | undefined
  /**
   * Faults of its parameters that files show, or the shape of the images before it, as far as both are known; found before
   * anything runs. Files that do not exist yet are no fault: an earlier pipeline may write them.
   */
  readonly faults?: (params: P, given: Shape) => ReadonlyArray<Misfit>
  /** Set if it trains a network, which needs an engine with gradients. */
  readonly trains?: true
  /** Set if it saves checkpoints of a training: whether a stopped run resumes from them, or trains anew. */
  readonly training?: (params: P) => "resumes" | "restarts"
}
