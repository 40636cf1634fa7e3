/**
 * Grouped convolution by ordinary ones: neighbouring groups are merged into a block that is wide enough for the kernels; its
 * filter is zero where channels of different groups meet.
 */
import type { ConvKernels } from "./convolution.ts"
import type { ConvGeometry } from "./geometry.ts"
import { type Memory, sizeOf } from "./memory.ts"
import type { Info } from "./tfjs.ts"

/** Input channels per block; measured as the fastest on WebAssembly. */
const BLOCK_CHANNELS = 32

/** Number of groups in a block. */
const merged = ({ C, groups }: ConvGeometry): number => {
  const wide = (count: number) => (count * C) / groups <= BLOCK_CHANNELS
  let best = 1
  for (let count = 2; count <= groups; count++) if (groups % count === 0 && wide(count)) best = count
  return best
}

const channels = (memory: Memory, x: Info, from: number, count: number): Info => {
  const begin = [0, 0, 0, from]
  return memory.kernel("Slice", { x }, { begin, size: [...x.shape.slice(0, 3), count] })
}

const joined = (memory: Memory, parts: ReadonlyArray<Info>): Info => {
  const whole = memory.kernel("Concat", parts, { axis: 3 })
  for (const part of parts) memory.free(part)
  return whole
}

/** Calls `visit` for every filter row of one output group, O / groups values, with its offsets in the filter and in the block's filter. */
const filterRows = (g: ConvGeometry, block: number, visit: (whole: number, part: number) => void): void => {
  const count = merged(g)
  const [c, o] = [g.C / g.groups, g.O / g.groups]
  for (let tap = 0; tap < g.KH * g.KW; tap++) {
    for (let group = 0; group < count; group++) {
      for (let channel = 0; channel < c; channel++) {
        const whole = (tap * c + channel) * g.O + (block * count + group) * o
        visit(whole, ((tap * count + group) * c + channel) * count * o + group * o)
      }
    }
  }
}

/** Returns the filter of a block, [KH, KW, channels, outputs], with zeros between groups. */
const blockFilter = (memory: Memory, w: Info, g: ConvGeometry, block: number): Info => {
  const count = merged(g)
  const made = memory.make([g.KH, g.KW, (count * g.C) / g.groups, (count * g.O) / g.groups])
  const [from, to] = [w, made].map(memory.values)
  to.fill(0)
  filterRows(g, block, (whole, part) => to.set(from.subarray(whole, whole + g.O / g.groups), part))
  return made
}

/** Makes kernels of grouped convolutions. @param plain kernels of convolutions without groups */
export const groupedConvolution = (memory: Memory, plain: ConvKernels): ConvKernels => {
  const parts = (g: ConvGeometry) => {
    const count = merged(g)
    const [C, O] = [(count * g.C) / g.groups, (count * g.O) / g.groups]
    const inner: ConvGeometry = { ...g, groups: 1, C, O }
    return { inner, blocks: Array.from({ length: g.groups / count }, (_, block) => block) }
  }
  const using = (infos: ReadonlyArray<Info>, run: (...infos: ReadonlyArray<Info>) => Info): Info => {
    const result = run(...infos)
    for (const info of infos) memory.free(info)
    return result
  }
  return {
    forward: (x, w, g) => {
      const { inner, blocks } = parts(g)
      const one = (block: number) =>
        using([channels(memory, x, block * inner.C, inner.C), blockFilter(memory, w, g, block)], (a, b) =>
          plain.forward(a, b, inner)
        )
      return joined(memory, blocks.map(one))
    },
    toInput: (dy, w, g) => {
      const { inner, blocks } = parts(g)
      const one = (block: number) =>
        using([channels(memory, dy, block * inner.O, inner.O), blockFilter(memory, w, g, block)], (a, b) =>
          plain.toInput(a, b, inner)
        )
      return joined(memory, blocks.map(one))
    },
    toFilter: (x, dy, g) => {
      const { inner, blocks } = parts(g)
      const shape = [g.KH, g.KW, g.C / g.groups, g.O]
      const values = new Float32Array(sizeOf(shape))
      for (const block of blocks) {
        const dense = using(
          [channels(memory, x, block * inner.C, inner.C), channels(memory, dy, block * inner.O, inner.O)],
          (a, b) => plain.toFilter(a, b, inner)
        )
        const from = memory.values(dense)
        filterRows(g, block, (whole, part) => values.set(from.subarray(part, part + g.O / g.groups), whole))
        memory.free(dense)
      }
      const dw = memory.make(shape)
      memory.values(dw).set(values)
      return dw
    }
  }
}
