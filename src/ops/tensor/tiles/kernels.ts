/** Which convolutions are computed by products of tiles: if they are enabled, those whose shapes fit. */
import type { ConvKernels } from "../convolution.ts"
import type { Memory } from "../memory.ts"
import { convolved, fitsInputTiles, fitsTiles, tiledInputGradient } from "./convolution.ts"
import { fitsFilterTiles, tiledFilterGradient } from "./filter-gradient.ts"
import type { TileWork } from "./room.ts"

/** Kernels that multiply tiles if a convolution fits, and use the given kernels otherwise. */
export const withTiles = (memory: Memory, work: TileWork, plain: ConvKernels): ConvKernels => ({
  forward: (x, w, g) =>
    (work.enabled() && fitsTiles(g) ? convolved(memory, work, x, w, g) : undefined) ?? plain.forward(x, w, g),
  toInput: (dy, w, g) =>
    (work.enabled() && fitsInputTiles(g) ? tiledInputGradient(memory, work, dy, w, g) : undefined) ??
    plain.toInput(dy, w, g),
  toFilter: (x, dy, g) =>
    (work.enabled() && fitsFilterTiles(g) ? tiledFilterGradient(memory, work, x, dy, g) : undefined) ??
    plain.toFilter(x, dy, g)
})
