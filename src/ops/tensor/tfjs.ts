/** Names for the types of TensorFlow.js. This file does not load it. */
import type * as tfjs from "@tensorflow/tfjs"

/** TensorFlow.js, once it is loaded. */
export type Tf = typeof tfjs

/** A tensor of the engine that made it: float32 unless a docstring gives another type; images are [N, H, W, C]. */
export type Tensor = tfjs.Tensor

/** Input and output of a kernel: an allocation with a shape. Two of them may share one allocation. */
export type Info = tfjs.TensorInfo

/** Attributes of a kernel. */
export type Attrs = Readonly<Record<string, unknown>>
