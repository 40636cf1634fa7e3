/** Graphs as functions of TensorFlow's eager context: added when they are first called, and removed when others need room. */
import { createHash } from "node:crypto"
import type { Info, Tensor } from "../../tfjs.ts"
import { keepHeadsInFloat32, type Precision } from "../process.ts"
import type { Graph } from "./graph-def.ts"
import { bytes, message, whole } from "./protobuf.ts"
import type { TensorFacts } from "./recorder.ts"

/** The part of the compiled binding that the set-up adds; see `setup/graph-functions.ts`. */
export interface FunctionBinding {
  readonly addFunction: (name: string, graph: Buffer, inputs: number, outputs: number, config: Buffer) => void
  readonly removeFunction: (name: string) => void
  /** Absent from bindings that older versions have compiled. */
  readonly startFunction?: (name: string, inputs: ReadonlyArray<number>, outputs: number) => Promise<Array<TensorFacts>>
}

export interface FunctionBackend {
  readonly getInputTensorIds: (inputs: ReadonlyArray<Info>) => Array<number>
  readonly createOutputTensor: (facts: TensorFacts) => Tensor
  readonly executeMultipleOutputs: (
    name: string,
    attributes: ReadonlyArray<never>,
    inputs: ReadonlyArray<Info>,
    outputs: number
  ) => Array<Tensor>
}

/** Number of functions that are kept: those of eight shapes in training. */
const MOST = 16

const ON = 1

/**
 * The `ConfigProto` of all functions (tensorflow/core/protobuf/config.proto, rewriter_config.proto): TensorFlow's optimiser of
 * graphs runs on every graph (`min_graph_nodes: -1`), and may compute in bfloat16 where that is safe.
 */
const configOf = (precision: Precision): Buffer => {
  const bfloat16 = precision === "bf16" ? [whole(31, ON)] : []
  return bytes(10, bytes(10, message(whole(14, ON), whole(17, -1), ...bfloat16)))
}

/** A graph with its name, which follows from its content: equal graphs are one function. */
export interface Definition extends Graph {
  readonly name: string
}

export const definitionOf = (graph: Graph): Definition => ({
  ...graph,
  name: `orbitrank_${createHash("sha256").update(graph.content).digest("hex").slice(0, 24)}`
})

export interface Functions {
  /** Runs a function. The caller or the enclosing scope disposes the results. */
  readonly run: (definition: Definition, inputs: ReadonlyArray<Info>) => Array<Tensor>
  /** Runs a function on another thread; undefined if the binding cannot. The inputs may be disposed at once. */
  readonly start: ((definition: Definition, inputs: ReadonlyArray<Info>) => Promise<Array<TensorFacts>>) | undefined
  /** Returns the tensors that `start` has made. The caller or the enclosing scope disposes them. */
  readonly tensors: (made: ReadonlyArray<TensorFacts>) => Array<Tensor>
  /** Number of functions that TensorFlow holds now. */
  readonly count: () => number
}

export const functionsOf = (binding: FunctionBinding, backend: FunctionBackend, precision: Precision): Functions => {
  const config = configOf(precision)
  if (precision === "bf16") keepHeadsInFloat32()
  /** Names in the order of their last use. */
  const held = new Set<string>()
  const use = ({ content, inputs, name, outputs }: Definition): void => {
    if (!held.delete(name)) {
      const [oldest] = held
      if (held.size === MOST) {
        binding.removeFunction(oldest)
        held.delete(oldest)
      }
      binding.addFunction(name, content, inputs.length, outputs, config)
    }
    held.add(name)
  }
  const { startFunction } = binding
  return {
    run: (definition, inputs) => {
      use(definition)
      return backend.executeMultipleOutputs(definition.name, [], inputs, definition.outputs)
    },
    start:
      startFunction === undefined
        ? undefined
        : async (definition, inputs) => {
            use(definition)
            return startFunction(definition.name, backend.getInputTensorIds(inputs), definition.outputs)
          },
    tensors: (made) => made.map((facts) => backend.createOutputTensor(facts)),
    count: () => held.size
  }
}
