/** The stages of a pipeline as lines of text. */
import { fractionOf, ownSeconds, type Stage } from "./stages.ts"

const bar = (fraction: number, width: number): string => {
  const filled = Math.round(Math.min(Math.max(fraction, 0), 1) * width)
  return "█".repeat(filled) + "░".repeat(width - filled)
}

const seconds = (s: number): string => (s < 9.95 ? `${s.toFixed(1)} s` : `${Math.round(s)} s`)

const left = (s: number): string =>
  s < 100 ? `${Math.round(s)} s left` : s < 6000 ? `${Math.round(s / 60)} min left` : `${(s / 3600).toFixed(1)} h left`

/** How long a stage and the stages that run ahead of it waited for each other, as seconds and as shares of their time. */
export const waitsLine = (stages: ReadonlyArray<Stage>, index: number): ReadonlyArray<string> => {
  const { name, waits } = stages[index]
  if (waits === undefined) return []
  const { forInput, ofInput } = waits
  const shown = (waited: number, worked: number) =>
    `${seconds(waited)} (${Math.round((100 * waited) / Math.max(waited + worked, 1e-9))} %)`
  const network = shown(forInput, ownSeconds(stages, index))
  return [`  ${name} waited ${network} for data, data ${shown(ofInput, stages[index - 1].seconds)} for it`]
}

/** The words of a stage, and the remaining time if the pace stays the same. */
const noteOf = ({ ended, note }: Stage, fraction: number | undefined, elapsed: number): string => {
  if (note === undefined) return ""
  const known = !ended && fraction !== undefined && fraction > 0 && fraction < 1
  return `  ${note}${known ? `, ${left((elapsed * (1 - fraction)) / fraction)}` : ""}`
}

/** The longest bar, and the shortest one that is worth drawing. */
const [LONGEST, SHORTEST] = [20, 5]

/**
 * The line of one stage. The bar takes the columns that the words leave, so that they are not cut off.
 *
 * @param columns width of the screen; `undefined` if no bar is drawn
 * @param elapsed seconds since the pipeline began
 */
export const stageLine = (
  stages: ReadonlyArray<Stage>,
  index: number,
  columns: number | undefined,
  elapsed: number
): string => {
  const stage = stages[index]
  const fraction = fractionOf(stages, index)
  const count = stage.total === undefined || stage.ended ? `${stage.elements}` : `${stage.elements}/${stage.total}`
  const percent =
    !stage.ended && stage.total === undefined && fraction !== undefined ? ` (${Math.floor(fraction * 100)} %)` : ""
  const words = `${(count + percent).padStart(12)}  ${seconds(ownSeconds(stages, index)).padStart(7)}${noteOf(stage, fraction, elapsed)}`
  const begin = `  ${stage.name.padEnd(11)} `
  const width = Math.min(LONGEST, (columns ?? 0) - begin.length - words.length - 1)
  const drawn = fraction !== undefined && width >= SHORTEST ? `${bar(fraction, width)} ` : ""
  return `${begin}${drawn}${words}`
}
