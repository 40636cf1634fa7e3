import type { Layer } from "../layers/layer.ts"

/** Definition of an attention module: it takes and gives features [n, h, w, channels]. */
export interface Attention<Name extends string = string> {
  /** Its name in configurations. */
  readonly name: Name
  /** @param prefix first part of the names of its parameters */
  readonly build: (prefix: string, channels: number) => Layer
}
