import type { Layer } from "../layers/layer.ts"

/** Definition of an attention module, a layer from features [n, h, w, channels] to features of the same shape. */
export interface Attention<Name extends string = string> {
  /** Its name in configurations. */
  readonly name: Name
  /** @param prefix beginning of the names of its parameters */
  readonly build: (prefix: string, channels: number) => Layer
}
