/** Networks as functions of native TensorFlow. */
import type { Graphs } from "../../graphs.ts"
import type { Precision } from "../process.ts"
import { forward } from "./forward.ts"
import { type FunctionBackend, type FunctionBinding, functionsOf } from "./functions.ts"
import type { RecordedBinding } from "./recorder.ts"
import type { GraphBackend } from "./surroundings.ts"
import { training } from "./training.ts"

type Binding = RecordedBinding & Partial<FunctionBinding>
export type Backend = GraphBackend & FunctionBackend & { binding: Binding }

/** Whether the compiled binding can make functions; one that version 0.1.0 has compiled cannot. */
export const canGraph = ({ binding }: Backend): boolean => binding.addFunction !== undefined

/**
 * @param backend whose binding can make functions
 * @param threads of one operation; with several, two batches at a time keep them busy
 */
export const graphsOf = (backend: Backend, precision: Precision, threads: number): Graphs => {
  const reasons = new Set<string>()
  const functions = functionsOf(backend.binding as FunctionBinding, backend, precision)
  const together = threads > 1 && functions.start !== undefined ? 2 : 1
  const around = { backend, functions, precision, together, refuse: (why: string) => void reasons.add(why) }
  return {
    forward: (tools, network) => forward(around, tools, network),
    training: (tools, network, passesOf) => training(around, tools, network, passesOf),
    together,
    refused: () => [...reasons],
    functions: functions.count
  }
}
