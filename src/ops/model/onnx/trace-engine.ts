/** An engine that records ONNX operations. Batch norms are folded into the convolution or matrix product before them. */
import { OPSET } from "../../formats/onnx/write.ts"
import { outputLength, sidesOf } from "../../tensor/geometry.ts"
import { EPSILON } from "../../tensor/norm.ts"
import type { Engine } from "../../tensor/operations.ts"
import type { Tensor } from "../../tensor/tfjs.ts"
import type { GraphBuilder } from "./graph.ts"
import { type Affine, Traced } from "./traced.ts"

const traced = (tensor: Tensor): Traced => tensor as unknown as Traced

const constantOf = (tensor: Tensor): Float32Array => {
  const { constant } = traced(tensor).extra
  if (constant === undefined) throw new TypeError("an operation whose weights are computed cannot be written as ONNX")
  return constant
}

/** Emits a convolution or matrix product; later operations may replace its weights and bias. */
const affine = (
  graph: GraphBuilder,
  x: Traced,
  weights: Traced,
  shape: ReadonlyArray<number>,
  type: "Conv" | "Gemm",
  attributes: Readonly<Record<string, number | ReadonlyArray<number>>>,
  fileShape: ReadonlyArray<number>
): Traced => {
  const emit = (values: Float32Array, bias: Float32Array | undefined): Traced => {
    const stem = weights.name.replace(/\.weight$/, "")
    const inputs = [x.name, graph.constant(weights.name, fileShape, values)]
    if (bias !== undefined) inputs.push(graph.constant(`${stem}.bias`, [bias.length], bias))
    const own: Affine = { x, name: weights.name, shape: fileShape, weights: values, bias, emit }
    return new Traced(graph, shape, graph.node(type, inputs, attributes), { affine: own })
  }
  return emit(constantOf(weights.tensor), undefined)
}

/** Weights and bias after y = gamma (x - mean) / sqrt(variance + epsilon) + beta, computed in double precision. */
const folded = (
  { bias, shape, weights }: Affine,
  [gamma, beta, mean, variance]: ReadonlyArray<Float32Array>,
  epsilon: number
) => {
  const scales = Float64Array.from(gamma, (value, o) => value / Math.sqrt(variance[o] + epsilon))
  const size = weights.length / shape[0]
  return {
    weights: weights.map((value, i) => value * scales[Math.floor(i / size)]),
    bias: beta.map((value, o) => value + ((bias?.[o] ?? 0) - mean[o]) * scales[o])
  }
}

const refuse = (): never => {
  throw new TypeError("this operation of an engine is not part of inference, so it cannot be written as ONNX")
}

/** The engine of one graph. Its tensors are traced values. */
export const traceEngine = (graph: GraphBuilder): Engine => {
  const rectified = (x: Traced, relu: boolean): Tensor => (relu ? x.apply("Relu") : x).tensor
  const window = (shape: ReadonlyArray<number>, size: readonly [number, number], stride: number, dilation: number) =>
    [0, 1].map((axis) => outputLength(shape[axis], size[axis], stride, dilation))
  const asConstant: Engine["tensor"] = (values, shape) => {
    const name = `constant_${values.join("_").slice(0, 40)}`
    return new Traced(graph, shape, graph.constant(name, shape, values), { constant: values }).tensor
  }
  return {
    name: "onnx",
    version: String(OPSET),
    threads: 1,
    workers: 1,
    precision: "float32",
    gpu: false,
    graphs: undefined,
    inference: undefined,
    share: () => () => {},
    why: "it writes a graph",
    limit: undefined,
    scope: (body) => body(),
    keep: (tensor) => tensor,
    dispose: () => undefined,
    live: () => 0,
    peak: () => undefined,
    tensor: asConstant,
    copied: (values, shape) => asConstant(values.slice(), shape),
    conv2d: (input, filter, { dilation, groups = 1, padding, stride }) => {
      const [x, w] = [traced(input), traced(filter)]
      const [top, bottom, left, right] = sidesOf(padding)
      const [N, H, W] = x.shape
      const [KH, KW, I, O] = w.shape
      const [OH, OW] = window([H + top + bottom, W + left + right], [KH, KW], stride, dilation)
      const attributes = {
        dilations: [dilation, dilation],
        group: groups,
        kernel_shape: [KH, KW],
        pads: [top, left, bottom, right],
        strides: [stride, stride]
      }
      return affine(graph, x, w, [N, OH, OW, O], "Conv", attributes, [O, I, KH, KW]).tensor
    },
    matMul: (a, b) => {
      const [x, w] = [traced(a), traced(b)]
      const [I, O] = w.shape
      return affine(graph, x, w, [x.shape[0], O], "Gemm", { transB: 1 }, [O, I]).tensor
    },
    maxPool: (input, { padding, size, stride }) => {
      const x = traced(input)
      const [top, bottom, left, right] = sidesOf(padding)
      const [N, H, W, C] = x.shape
      const [OH, OW] = window([H + top + bottom, W + left + right], [size, size], stride, 1)
      if (OH < 1 || OW < 1) throw new RangeError(`a window of ${size} does not fit into an image of ${H}x${W} pixels`)
      const attributes = { kernel_shape: [size, size], pads: [top, left, bottom, right], strides: [stride, stride] }
      return x.apply("MaxPool", [N, OH, OW, C], [], attributes).tensor
    },
    globalAveragePool: (input) =>
      traced(input)
        .mean([1, 2], true)
        .reshape([-1, traced(input).shape[3]]).tensor,
    normalise: (input, { beta, gamma, mean, variance }, { epsilon = EPSILON, relu }) => {
      const x = traced(input)
      const given = [gamma, beta, mean, variance].map(constantOf)
      if (x.extra.affine !== undefined) {
        const { bias, weights } = folded(x.extra.affine, given, epsilon)
        return rectified(x.extra.affine.emit(weights, bias), relu)
      }
      const inputs = [gamma, beta, mean, variance].map((one) => traced(one).name)
      return rectified(x.apply("BatchNormalization", x.shape, inputs, { epsilon: { float: epsilon } }), relu)
    },
    instanceNorm: (input, gamma, beta, { epsilon = EPSILON, relu }) => {
      const x = traced(input)
      const inputs = [traced(gamma).name, traced(beta).name]
      return rectified(x.apply("InstanceNormalization", x.shape, inputs, { epsilon: { float: epsilon } }), relu)
    },
    relu: (x) => rectified(traced(x), true),
    addRelu: (a, b) => rectified(traced(a).add(traced(b)), true),
    read: refuse,
    readInto: refuse,
    gradients: refuse,
    weightedSum: refuse,
    batchNorm: refuse,
    blend: refuse,
    adam: refuse,
    sgd: refuse
  }
}
