/** Products on a worker thread, which has a WebAssembly engine of its own. It does not import Effect. */
import { openTfjs } from "../../tensor/open.ts"
import { type Job, takePart } from "../../workers/loops.ts"
import type { Work } from "../../workers/thread.ts"
import { engineProduct } from "./engine-product.ts"
import { productTiles } from "./product-tiles.ts"

export const work: Work<undefined, Job, undefined> = async () => {
  const loop = productTiles(engineProduct(await openTfjs("wasm", "a worker thread's own")))
  return (job) => {
    takePart(loop, job)
    return { output: undefined }
  }
}
