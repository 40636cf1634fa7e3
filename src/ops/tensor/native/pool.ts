/** Max-pooling by TensorFlow's operations. They accept no explicit padding, so the image is padded with the lowest value first. */
import { type PoolOptions, sidesOf } from "../geometry.ts"
import type { PoolKernels } from "../pool.ts"
import type { Info } from "../tfjs.ts"
import { type Attributes, type Native, using } from "./ops.ts"
import { padded, unpadded } from "./pad.ts"

const LOWEST = -3.4028234663852886e38

const attributes = ({ size, stride }: PoolOptions): Attributes => ({
  type: { T: "float32" },
  int: { ksize: [1, size, size, 1], strides: [1, stride, stride, 1] },
  string: { padding: "VALID", data_format: "NHWC" }
})

const isPadded = ({ padding }: PoolOptions): boolean => sidesOf(padding).some((side) => side > 0)

export const nativeMaxPool = (native: Native): PoolKernels => {
  const within = <A>(x: Info, pool: PoolOptions, body: (x: Info) => A): A =>
    isPadded(pool) ? using([padded(native, x, sidesOf(pool.padding), LOWEST)], body) : body(x)
  return {
    forward: (x, pool) => within(x, pool, (whole) => native.run("MaxPool", attributes(pool), [whole])),
    gradient: (x, y, dy, pool) => {
      const dx = within(x, pool, (whole) => native.run("MaxPoolGrad", attributes(pool), [whole, y, dy]))
      return isPadded(pool) ? unpadded(native, dx, sidesOf(pool.padding)) : dx
    }
  }
}
