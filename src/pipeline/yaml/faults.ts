import type { Misfit } from "../check.ts"
import type { Fault } from "../fault.ts"
import { locate, type Node, positionOf } from "./tree.ts"

/** Collects the faults of one file, each where its text stands. */
export class Faults {
  readonly all: Array<Fault> = []

  at(node: Node, path: ReadonlyArray<string>, problem: string): void {
    this.all.push({ at: positionOf(node), path: path.join("."), problem })
  }

  /** Misfits of a value that stands at `node` under `path`. */
  misfits(node: Node, path: ReadonlyArray<string>, found: ReadonlyArray<Misfit>): void {
    for (const misfit of found) {
      const at = locate(node, misfit.path, misfit.key)
      this.all.push({ at, path: [...path, ...misfit.path].join("."), problem: misfit.problem })
    }
  }
}
