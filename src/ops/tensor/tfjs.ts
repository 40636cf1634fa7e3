/** Types of TensorFlow.js, named once; nothing here loads it. */
import type * as tfjs from "@tensorflow/tfjs"

/** The namespace of TensorFlow.js as a value, once it is loaded. */
export type Tf = typeof tfjs

/** A tensor on the engine that made it: float32 unless said otherwise, images as [n, h, w, c]. */
export type Tensor = tfjs.Tensor

/** What a kernel takes and gives: an allocation with a shape. Two may share one allocation. */
export type Info = tfjs.TensorInfo

/** Attributes of a kernel. */
export type Attrs = Readonly<Record<string, unknown>>
