/** Padding of images by TensorFlow's operations. */
import type { Sides } from "../geometry.ts"
import type { Info, Tensor } from "../tfjs.ts"
import { type Native, using } from "./ops.ts"

const PAD = { type: { T: "float32", Tpaddings: "int32" } } as const

/** Returns an image [N, H, W, C] with cells of `value` around it. */
export const padded = (native: Native, x: Info, [top, bottom, left, right]: Sides, value: number): Tensor => {
  const paddings = native.ints([0, 0, top, bottom, left, right, 0, 0], [4, 2])
  return using([paddings, native.scalar(value)], (...inputs) => native.run("PadV2", PAD, [x, ...inputs]))
}

/** Returns the part of an image that starts at `begin` and has `size` cells along each axis. */
export const cut = (native: Native, x: Info, begin: ReadonlyArray<number>, size: ReadonlyArray<number>): Tensor =>
  using([native.ints([...begin]), native.ints([...size])], (...inputs) =>
    native.run("Slice", { type: { T: "float32", Index: "int32" } }, [x, ...inputs])
  )

/** Returns an image without the cells around it and disposes the given one. */
export const unpadded = (native: Native, x: Tensor, [top, bottom, left, right]: Sides): Tensor => {
  const [n, h, w, c] = x.shape as [number, number, number, number]
  return using([x], (whole) => cut(native, whole, [0, top, left, 0], [n, h - top - bottom, w - left - right, c]))
}
