/**
 * The square of a patch that the steps after `read` keep. Only this square is then resampled and stacked; `augment` and `crop`
 * find it as they would in the whole patch, so no number changes. Does not import Effect, so that threads can use it.
 */
import { random } from "../../../../pipeline/random.ts"
import type { Step } from "../../../../pipeline/step.ts"
import type { Part } from "../pixels/bilinear.ts"
import { type At, cornerOf } from "../pixels/cropped.ts"
import { beforeTurn, drawnTurn, sizeAfter, type TurnChances } from "../pixels/turns.ts"
import type { Draw } from "./epochs.ts"

/** What is known of the square before a patch is read. */
export interface KeptSquare {
  readonly seed: number
  readonly size: number
  readonly at: At
  /** Chances of the turns between reading and cutting, if there are any. */
  readonly turns: TurnChances | undefined
}

/** Parameters of `augment` that never need pixels outside the square. */
const HARMLESS = ["use_transform", "h_flip", "v_flip", "rotate", "compose", "white", "compat"]

/** Whether a probability is 0, or the probability `p` of a mapping. */
const isOff = (value: unknown): boolean => value === 0 || (value as { readonly p?: unknown } | undefined)?.p === 0

const turnsOnly = ({ params }: Step): boolean =>
  Object.entries(params).every(([name, value]) => HARMLESS.includes(name) || isOff(value))

const chancesOf = ({ params }: Step): TurnChances => {
  const { h_flip, rotate, v_flip } = params as unknown as TurnChances
  return { h_flip, v_flip, rotate }
}

/**
 * Returns the square that `crop` will keep; `undefined` if it does not follow, or not behind flips and turns alone.
 *
 * @param after the steps after `read`
 */
export const keptSquare = (after: ReadonlyArray<Step>, seed: number): KeptSquare | undefined => {
  const [first, second] = after
  const between = first?.name === "augment" ? first : undefined
  const crop = between === undefined ? first : second
  const turning = between?.params.use_transform ? between : undefined
  if (crop?.name !== "crop" || (turning !== undefined && !turnsOnly(turning))) return undefined
  const { at, size } = crop.params as { readonly at: At; readonly size: number }
  return { seed, size, at, turns: turning && chancesOf(turning) }
}

/**
 * Returns the part of a patch that becomes the square; `undefined` if the patch is smaller, which `crop` reports.
 *
 * @param whole size of the patch
 */
export const partOf = (
  { at, seed, size, turns }: KeptSquare,
  { epoch, index }: Draw,
  whole: { readonly height: number; readonly width: number }
): Part | undefined => {
  if (whole.height < size || whole.width < size) return undefined
  const turn = turns === undefined ? undefined : drawnTurn(random(seed, epoch, index, "augment"), turns)
  const corner = cornerOf(sizeAfter(whole, turn), size, at, random(seed, epoch, index, "crop"))
  const [top, left] = beforeTurn(whole, turn, corner, size)
  return { top, left, height: size, width: size }
}
