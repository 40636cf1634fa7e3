/** Which cells of a filter meet an image, along one axis. Cells on padding are left out: their products are zeros. */

/** Positions of the output at which the same terms count. */
export interface Positions {
  /** The positions, and for each the place of its first term in the input. */
  readonly targets: ReadonlyArray<number>
  readonly sources: ReadonlyArray<number>
  /** The part of the filter that meets these positions. */
  readonly phase: number
  /** The terms [from, to), counted in their order of summation. */
  readonly from: number
  readonly to: number
}

/** Terms of one position. */
interface Meeting {
  readonly phase: number
  readonly from: number
  readonly to: number
  readonly source: number
}

/** Groups positions [0, length) by the terms that count there; positions without a term are in no group. */
const grouped = (length: number, meeting: (position: number) => Meeting): ReadonlyArray<Positions> => {
  const groups = new Map<string, { targets: Array<number>; sources: Array<number> } & Omit<Meeting, "source">>()
  for (let position = 0; position < length; position++) {
    const { from, phase, source, to } = meeting(position)
    if (to <= from) continue
    const key = `${phase} ${from} ${to}`
    const group = groups.get(key) ?? { targets: [], sources: [], phase, from, to }
    group.targets.push(position)
    group.sources.push(source)
    groups.set(key, group)
  }
  return [...groups.values()]
}

/** One axis of a convolution: lengths of input, filter and output, zeros before the input. */
export interface Axis {
  readonly input: number
  readonly filter: number
  readonly output: number
  readonly before: number
  readonly stride: number
  readonly dilation: number
}

/** The terms of one position, at the places `start`, `start + step`, ...: of `count` terms, those with a place in [0, length). */
const within = (start: number, step: number, count: number, length: number): Omit<Meeting, "phase"> => {
  const from = Math.max(0, Math.ceil(-start / step))
  const to = Math.min(count, Math.ceil((length - start) / step))
  return { from, to, source: start + from * step }
}

/** The cells of the filter that each output meets. */
export const forwardAxis = ({ before, dilation, filter, input, output, stride }: Axis): ReadonlyArray<Positions> =>
  grouped(output, (position) => ({ phase: 0, ...within(position * stride - before, dilation, filter, input) }))

/** Number of cells of the filter in a phase: `phase`, `phase + stride`, ... */
export const phaseLength = ({ filter, stride }: Axis, phase: number): number => Math.ceil((filter - phase) / stride)

/**
 * The outputs that each input meets, by the cells of the filter in descending order. With a stride, inputs of a phase meet every
 * `stride`-th cell only; stride or dilation is 1.
 */
export const backwardAxis = (axis: Axis): ReadonlyArray<Positions> =>
  grouped(axis.input, (position) => {
    const { before, dilation, output, stride } = axis
    const phase = (position + before) % stride
    const length = phaseLength(axis, phase)
    const start = (position + before - phase) / stride - (length - 1) * dilation
    return { phase, ...within(start, dilation, length, output) }
  })

/** The outputs that each cell of the filter meets; sources are places of the input. */
export const filterAxis = ({ before, dilation, filter, input, output, stride }: Axis): ReadonlyArray<Positions> =>
  grouped(filter, (cell) => ({ phase: 0, ...within(cell * dilation - before, stride, output, input) }))
