/** Networks of the product, computed by the page. */
import type { Patch } from "../../../../elements.ts"
import { makeModel } from "../../../../model/model.ts"
import { uploadArrays } from "../../../../model/weights/tensors.ts"
import { bytesFrom } from "../../kit/base64.ts"
import type { OwnNetwork } from "../../kit/network.ts"
import { plainEngine } from "./engine.ts"

/** Embeds an image: float32 [dim], not yet of length 1. */
export type Embed = (patch: Patch) => Promise<Float32Array>

export const openOwn = ({ arrays, model: params }: OwnNetwork): Embed => {
  const model = makeModel(params)
  const weights = uploadArrays(
    plainEngine,
    arrays.map(({ name, shape, values }) => ({ name, shape, data: new Float32Array(bytesFrom(values).buffer) }))
  )
  const pass = { engine: plainEngine, get: weights.get, observe: undefined }
  return async ({ bands, height, image, width }) =>
    plainEngine.read(model.embed(pass, plainEngine.tensor(image, [1, height, width, bands.length]))).slice()
}
