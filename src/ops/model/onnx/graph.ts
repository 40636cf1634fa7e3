/** A graph that grows while a network is traced. */
import type { OnnxAttribute, OnnxConstant, OnnxGraph, OnnxNode, OnnxSignature } from "../../formats/onnx/write.ts"

/** Nodes and constants of an ONNX graph under construction. */
export class GraphBuilder {
  private readonly nodes: Array<OnnxNode> = []
  private readonly constants = new Map<string, OnnxConstant>()
  private readonly counts = new Map<string, number>()

  private fresh(stem: string): string {
    const count = this.counts.get(stem) ?? 0
    this.counts.set(stem, count + 1)
    return `${stem}_${count}`
  }

  /** Adds an operation and returns the name of its output. */
  node(
    type: string,
    inputs: ReadonlyArray<string>,
    attributes: Readonly<Record<string, OnnxAttribute>> = {},
    output = this.fresh(type)
  ): string {
    this.nodes.push({ type, inputs, output, attributes })
    return output
  }

  /** Adds a constant and returns its name; a number is appended if another constant has it. */
  constant(stem: string, shape: ReadonlyArray<number>, data: Float32Array | BigInt64Array): string {
    const taken = this.constants.get(stem)
    if (taken?.data === data) return stem
    const name = taken === undefined ? stem : this.fresh(stem)
    this.constants.set(name, { name, shape, data })
    return name
  }

  /** Adds a list of whole numbers, such as a shape; equal lists are one constant. */
  integers(values: ReadonlyArray<number>): string {
    const name = `ints_${values.join("_").replaceAll("-", "m")}`
    if (!this.constants.has(name)) {
      this.constants.set(name, { name, shape: [values.length], data: BigInt64Array.from(values.map(BigInt)) })
    }
    return name
  }

  /** The graph of the nodes and constants that the outputs depend on. */
  finish(name: string, inputs: ReadonlyArray<OnnxSignature>, outputs: ReadonlyArray<OnnxSignature>): OnnxGraph {
    const needed = new Set(outputs.map((output) => output.name))
    const nodes = this.nodes
      .toReversed()
      .filter(({ inputs, output }) => {
        if (!needed.has(output)) return false
        for (const input of inputs) needed.add(input)
        return true
      })
      .toReversed()
    const constants = [...this.constants.values()].filter((one) => needed.has(one.name))
    return { name, nodes, constants, inputs, outputs }
  }
}
