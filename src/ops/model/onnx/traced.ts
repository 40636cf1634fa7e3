/**
 * Values of a traced network. A traced value has the shape and the methods of a tensor that layers use, but records ONNX
 * operations instead of computing. The batch is traced as 1 image; its axis is free in the graph.
 *
 * Layers see images [N, H, W, C]; in the graph they are [N, C, H, W], as ONNX wants them.
 */
import type { Tensor } from "../../tensor/tfjs.ts"
import type { GraphBuilder } from "./graph.ts"

/** A convolution or matrix product whose weights and bias can still absorb a batch norm. */
export interface Affine {
  readonly x: Traced
  readonly name: string
  /** [O, ...], as in files. */
  readonly shape: ReadonlyArray<number>
  readonly weights: Float32Array
  readonly bias: Float32Array | undefined
  /** Emits the operation with other weights or bias, and returns its output. */
  readonly emit: (weights: Float32Array, bias: Float32Array | undefined) => Traced
}

/**
 * A step of the maximum in `elementwise.ts`, which is composed so that cells with the maximum share its gradient: x below
 * its maximum, where it is not, where it is, x there, its sum, the number of cells. Without gradients the whole is the maximum.
 */
interface Maximum {
  readonly step: "below" | "not" | "minus" | "at" | "masked" | "total" | "count"
  readonly max: Traced
  readonly x: Traced
}

const sizeOf = (shape: ReadonlyArray<number>): number => shape.reduce((product, n) => product * n, 1)

/** The position in the graph of each axis that layers see. */
const placesOf = (rank: number): ReadonlyArray<number> => (rank === 4 ? [0, 2, 3, 1] : [0, 1, 2])

/** The order of axes in the graph. */
const physical = <A>(axes: ReadonlyArray<A>): ReadonlyArray<A> =>
  axes.length === 4 ? [axes[0], axes[3], axes[1], axes[2]] : axes

const broadcast = (a: ReadonlyArray<number>, b: ReadonlyArray<number>): ReadonlyArray<number> => {
  const rank = Math.max(a.length, b.length)
  const at = (shape: ReadonlyArray<number>, axis: number) => shape[axis - rank + shape.length] ?? 1
  return Array.from({ length: rank }, (_, axis) => Math.max(at(a, axis), at(b, axis)))
}

const unsupported = (what: string): TypeError =>
  new TypeError(`${what} cannot be written as ONNX; write the layer with operations that \`onnx/traced.ts\` has`)

interface Extra {
  readonly affine?: Affine
  readonly constant?: Float32Array
  readonly maximum?: Maximum
  /** Set for a maximum over some axes: the value that it is of. */
  readonly maxOf?: Traced
}

/** A value of the graph; its public methods are those of a TensorFlow.js tensor. */
export class Traced {
  readonly graph: GraphBuilder
  readonly shape: ReadonlyArray<number>
  readonly extra: Extra
  private readonly known: string | undefined

  /** @param name in the graph; `undefined` for a step of a maximum, which is never computed */
  constructor(graph: GraphBuilder, shape: ReadonlyArray<number>, name: string | undefined, extra: Extra = {}) {
    this.graph = graph
    this.shape = shape
    this.known = name
    this.extra = extra
  }

  get name(): string {
    if (this.known === undefined) throw unsupported("a part of a maximum by itself")
    return this.known
  }

  /** The result of an operation on this value. */
  apply(
    type: string,
    shape = this.shape,
    others: ReadonlyArray<string> = [],
    attributes = {},
    extra: Extra = {}
  ): Traced {
    return new Traced(this.graph, shape, this.graph.node(type, [this.name, ...others], attributes), extra)
  }

  /** A constant in the form in which it broadcasts against a value of `rank` axes. */
  private operand(rank: number): string {
    const { constant } = this.extra
    const [length = 1] = this.shape
    if (rank !== 4 || this.shape.length !== 1 || length === 1 || constant === undefined) return this.name
    return this.graph.constant(`${this.name}.image`, [length, 1, 1], constant)
  }

  private binary(type: string, b: Traced): Traced {
    const shape = broadcast(this.shape, b.shape)
    const inputs = [this.operand(shape.length), b.operand(shape.length)]
    return new Traced(this.graph, shape, this.graph.node(type, inputs))
  }

  private part(step: Maximum["step"], from: Maximum): Traced {
    return new Traced(this.graph, this.shape, undefined, { maximum: { ...from, step } })
  }

  add(b: Traced | number): Traced {
    const { affine, maximum } = this.extra
    if (typeof b === "number") {
      if (maximum?.step === "minus" && b === 1) return this.part("at", maximum)
      throw unsupported(`adding ${b}`)
    }
    const { constant } = b.extra
    if (affine !== undefined && affine.bias === undefined && constant?.length === affine.shape[0]) {
      return affine.emit(affine.weights, constant)
    }
    return this.binary("Add", b)
  }

  sub(b: Traced): Traced {
    const { maxOf } = this.extra
    const made = this.binary("Sub", b)
    if (maxOf !== b) return made
    return new Traced(this.graph, made.shape, made.name, { maximum: { step: "below", max: this, x: b } })
  }

  mul(b: Traced): Traced {
    const { maximum } = b.extra
    return maximum?.step === "at" && maximum.x === this ? this.part("masked", maximum) : this.binary("Mul", b)
  }

  div(b: Traced): Traced {
    const [mine, other] = [this.extra.maximum, b.extra.maximum]
    const isMaximum = mine?.step === "total" && other?.step === "count" && mine.max === other.max
    return isMaximum ? mine.max : this.binary("Div", b)
  }

  step(): Traced {
    const { maximum } = this.extra
    if (maximum?.step === "below") return this.part("not", maximum)
    throw unsupported("a step function")
  }

  neg(): Traced {
    const { maximum } = this.extra
    return maximum?.step === "not" ? this.part("minus", maximum) : this.apply("Neg")
  }

  sum(axes: number | ReadonlyArray<number>, keep = false): Traced {
    const { maximum } = this.extra
    if (maximum?.step === "masked") return this.part("total", maximum)
    if (maximum?.step === "at") return this.part("count", maximum)
    const { places, shape } = this.reduced(axes, keep)
    return this.apply("ReduceSum", shape, [this.graph.integers(places)], { keepdims: keep ? 1 : 0 })
  }

  mean(axes: number | ReadonlyArray<number>, keep = false): Traced {
    const { places, shape } = this.reduced(axes, keep)
    if (keep && places.join() === "2,3") return this.apply("GlobalAveragePool", shape)
    return this.apply("ReduceMean", shape, [], { axes: places, keepdims: keep ? 1 : 0 })
  }

  max(axes: number | ReadonlyArray<number>, keep = false): Traced {
    const { places, shape } = this.reduced(axes, keep)
    const extra = { maxOf: this }
    if (keep && places.join() === "2,3") return this.apply("GlobalMaxPool", shape, [], {}, extra)
    return this.apply("ReduceMax", shape, [], { axes: places, keepdims: keep ? 1 : 0 }, extra)
  }

  private reduced(axes: number | ReadonlyArray<number>, keep: boolean) {
    const rank = this.shape.length
    const given = (typeof axes === "number" ? [axes] : axes).map((axis) => (axis < 0 ? axis + rank : axis))
    if (rank === 4 && !keep) throw unsupported("a reduction of an image that drops axes")
    const shape = this.shape.map((n, axis) => (given.includes(axis) ? 1 : n))
    const places = given.map((axis) => placesOf(rank)[axis]).sort((a, b) => a - b)
    return { places, shape: keep ? shape : shape.filter((_, axis) => !given.includes(axis)) }
  }

  sigmoid(): Traced {
    return this.apply("Sigmoid")
  }

  softmax(axis: number): Traced {
    if (axis !== -1 || this.shape.length === 4) throw unsupported("a softmax over another axis than the last")
    return this.apply("Softmax", this.shape, [], { axis: -1 })
  }

  maximum(least: number): Traced {
    return this.apply("Max", this.shape, [this.graph.constant(`least_${least}`, [1], Float32Array.of(least))])
  }

  pow(exponent: Traced): Traced {
    return this.binary("Pow", exponent)
  }

  reciprocal(): Traced {
    const { constant } = this.extra
    if (constant === undefined) return this.apply("Reciprocal")
    const data = constant.map((value) => 1 / value)
    const name = this.graph.constant(`${this.name}.reciprocal`, this.shape, data)
    return new Traced(this.graph, this.shape, name, { constant: data })
  }

  private transposed(perm: ReadonlyArray<number>): string {
    return this.graph.node("Transpose", [this.name], { perm })
  }

  reshape(given: ReadonlyArray<number>): Traced {
    const rest = -sizeOf(given)
    const shape = given.map((n) => (n === -1 ? sizeOf(this.shape) / rest : n))
    if (shape.join() === this.shape.join()) return this
    if (shape[0] !== 1 || this.shape[0] !== 1) throw unsupported("a reshape across the batch")
    const onePixel = ([, H, W]: ReadonlyArray<number>) => H === 1 && W === 1
    const fromImage = this.shape.length === 4 && !onePixel(this.shape)
    const toImage = shape.length === 4 && !onePixel(shape)
    const source = fromImage ? this.transposed([0, 2, 3, 1]) : this.name
    const target = toImage ? shape : physical(shape)
    const made = this.graph.node("Reshape", [source, this.graph.integers([-1, ...target.slice(1)])])
    const name = toImage ? this.graph.node("Transpose", [made], { perm: [0, 3, 1, 2] }) : made
    return new Traced(this.graph, shape, name)
  }

  concat(others: Traced | ReadonlyArray<Traced>, axis: number): Traced {
    const all = [this, ...(others instanceof Traced ? [others] : others)]
    const length = all.reduce((sum, { shape }) => sum + shape[axis], 0)
    const shape = this.shape.map((n, i) => (i === axis ? length : n))
    const place = placesOf(this.shape.length)[axis]
    return new Traced(
      this.graph,
      shape,
      this.graph.node(
        "Concat",
        all.map(({ name }) => name),
        { axis: place }
      )
    )
  }

  slice(begin: ReadonlyArray<number>, size: ReadonlyArray<number>): Traced {
    const cut = size.flatMap((n, axis) => (n === this.shape[axis] ? [] : [axis]))
    if (cut.length === 0) return this
    const integers = (values: ReadonlyArray<number>) => this.graph.integers(values)
    const starts = integers(cut.map((axis) => begin[axis]))
    const ends = integers(cut.map((axis) => begin[axis] + size[axis]))
    const axes = integers(cut.map((axis) => placesOf(this.shape.length)[axis]))
    return this.apply("Slice", size, [starts, ends, axes])
  }

  matMul(b: Traced, transposeA = false, transposeB = false): Traced {
    const turned = (x: Traced, swap: boolean) => (swap ? x.transposed([0, 2, 1]) : x.name)
    const [N, rows, inner] = this.shape
    const [, first, second] = b.shape
    const shape = [N, transposeA ? inner : rows, transposeB ? first : second]
    return new Traced(this.graph, shape, this.graph.node("MatMul", [turned(this, transposeA), turned(b, transposeB)]))
  }

  /** This value as the type that layers know. */
  get tensor(): Tensor {
    return this as unknown as Tensor
  }
}
