/**
 * Convolutions by TensorFlow's own operations, including grouped and depthwise ones. Their gradients use the paddings that
 * TensorFlow knows by name. With explicit padding, the gradient to the input is 40 times slower, so the image is padded first.
 */
import type { ConvKernels } from "../convolution.ts"
import { isDepthwise } from "../depthwise.ts"
import type { ConvGeometry, Sides } from "../geometry.ts"
import type { Info, Tensor } from "../tfjs.ts"
import { type Attributes, type Native, using } from "./ops.ts"
import { cut, padded, unpadded } from "./pad.ts"

const sides = ({ top, bottom, left, right }: ConvGeometry): Sides => [top, bottom, left, right]

/** Whether the padding is TensorFlow's SAME: the output is as large as the input, and the odd cell comes last. */
const isSame = (g: ConvGeometry): boolean => {
  const along = (before: number, after: number, k: number) => {
    const all = (k - 1) * g.dilation
    return before === Math.floor(all / 2) && after === all - before
  }
  return g.stride === 1 && along(g.top, g.bottom, g.KH) && along(g.left, g.right, g.KW)
}

const attributes = (g: ConvGeometry, padding: "SAME" | "VALID" | "EXPLICIT"): Attributes => ({
  type: { T: "float32" },
  int: {
    strides: [1, g.stride, g.stride, 1],
    dilations: [1, g.dilation, g.dilation, 1],
    ...(padding === "EXPLICIT" ? { explicit_paddings: [0, 0, g.top, g.bottom, g.left, g.right, 0, 0] } : {})
  },
  string: { padding, data_format: "NHWC" }
})

/** Chooses the family of operations and the filter's shape for it. Depthwise operations accept no dilation. */
const family = (g: ConvGeometry) =>
  isDepthwise(g) && g.dilation === 1
    ? { name: "DepthwiseConv2dNative", filter: [g.KH, g.KW, g.C, g.O / g.C] }
    : { name: "Conv2D", filter: [g.KH, g.KW, g.C / g.groups, g.O] }

/** Calls `body` with an image and the name of its padding. If the padding has no name, the image is padded first. */
const named = <A>(native: Native, x: Info, g: ConvGeometry, body: (x: Info, padding: "SAME" | "VALID") => A): A => {
  if (sides(g).every((side) => side === 0)) return body(x, "VALID")
  if (isSame(g)) return body(x, "SAME")
  return using([padded(native, x, sides(g), 0)], (whole) => body(whole, "VALID"))
}

/**
 * Calls `body` with the image and only the padding that the filter reaches, for the gradient to filters of one row or column
 * with a stride: if cells are left over at the end, TensorFlow 2.15 writes past its memory there.
 */
const reached = <A>(native: Native, x: Info, g: ConvGeometry, body: (x: Info) => A): A => {
  const height = (g.OH - 1) * g.stride + (g.KH - 1) * g.dilation + 1
  const width = (g.OW - 1) * g.stride + (g.KW - 1) * g.dilation + 1
  if (height === g.H && width === g.W && sides(g).every((side) => side === 0)) return body(x)
  return using([padded(native, x, sides(g), 0)], (whole) =>
    using([cut(native, whole, [0, 0, 0, 0], [g.N, height, width, g.C])], body)
  )
}

const isFragile = (g: ConvGeometry): boolean => g.stride > 1 && (g.KH === 1 || g.KW === 1)

const toInput = (native: Native, dy: Info, w: Info, g: ConvGeometry): Tensor => {
  const { name } = family(g)
  const backward = (H: number, W: number, padding: "SAME" | "VALID") =>
    using([native.ints([g.N, H, W, g.C])], (size) =>
      native.run(`${name}BackpropInput`, attributes(g, padding), [size, w, dy])
    )
  if (sides(g).every((side) => side === 0)) return backward(g.H, g.W, "VALID")
  if (isSame(g)) return backward(g.H, g.W, "SAME")
  return unpadded(native, backward(g.H + g.top + g.bottom, g.W + g.left + g.right, "VALID"), sides(g))
}

const equal = (a: ReadonlyArray<number>, b: ReadonlyArray<number>): boolean => a.every((n, axis) => n === b[axis])

export const nativeConvolution = (native: Native): ConvKernels => {
  /** Calls `body` with the filter in the shape of its family. */
  const filtered = <A>(w: Info, g: ConvGeometry, body: (w: Info) => A): A => {
    const { filter } = family(g)
    return equal(filter, w.shape) ? body(w) : using([native.reshape(w, filter)], body)
  }
  return {
    forward: (x, w, g) =>
      filtered(w, g, (filter) => native.run(family(g).name, attributes(g, "EXPLICIT"), [x, filter])),
    toInput: (dy, w, g) => filtered(w, g, (filter) => toInput(native, dy, filter, g)),
    toFilter: (x, dy, g) => {
      const { name, filter } = family(g)
      const backward = (image: Info, padding: "SAME" | "VALID") =>
        using([native.ints(filter)], (size) =>
          native.run(`${name}BackpropFilter`, attributes(g, padding), [image, size, dy])
        )
      const gradient = isFragile(g)
        ? reached(native, x, g, (image) => backward(image, "VALID"))
        : named(native, x, g, backward)
      const shape = [g.KH, g.KW, g.C / g.groups, g.O]
      return equal(filter, shape) ? gradient : using([gradient], (whole) => native.reshape(whole, shape))
    }
  }
}
