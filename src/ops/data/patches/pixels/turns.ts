/** Flips and quarter turns of `augment`, one of which is drawn for each patch. Does not import Effect, so that threads can use it. */
import type { Random } from "../../../../pipeline/random.ts"
import { flipHorizontally, flipVertically, rotate, type Shaped } from "./geometry.ts"

/** Probabilities of the three kinds, once chosen. */
export interface TurnChances {
  readonly h_flip: number
  readonly v_flip: number
  readonly rotate: number
}

/** A flip, or a number of quarter turns counter-clockwise; `undefined` leaves an image as it is. */
export type Turn = "left-right" | "top-bottom" | 1 | 2 | 3 | undefined

/** Draws one of three kinds evenly, applied with its own probability. */
export const drawnTurn = (draw: Random, chances: TurnChances): Turn => {
  const which = draw.int(3)
  const chance = draw.next()
  if (which === 0) return chance < chances.h_flip ? "left-right" : undefined
  if (which === 1) return chance < chances.v_flip ? "top-bottom" : undefined
  return chance < chances.rotate ? ((1 + draw.int(3)) as 1 | 2 | 3) : undefined
}

export const turned = <A extends Shaped>(image: A, turn: Turn): Shaped => {
  if (turn === undefined) return image
  if (turn === "left-right") return flipHorizontally(image)
  return turn === "top-bottom" ? flipVertically(image) : rotate(image, turn)
}

/** Height and width of an image after a turn. */
export const sizeAfter = (
  { height, width }: Pick<Shaped, "height" | "width">,
  turn: Turn
): Pick<Shaped, "height" | "width"> => (turn === 1 || turn === 3 ? { height: width, width: height } : { height, width })

/** The upper left corner of a square. */
export type Corner = readonly [top: number, left: number]

/** Returns where a square of a turned image lies in the image before the turn. */
export const beforeTurn = (
  { height, width }: Pick<Shaped, "height" | "width">,
  turn: Turn,
  [top, left]: Corner,
  size: number
): Corner => {
  if (turn === "left-right") return [top, width - left - size]
  if (turn === "top-bottom") return [height - top - size, left]
  if (turn === 1) return [left, width - top - size]
  if (turn === 2) return [height - top - size, width - left - size]
  return turn === 3 ? [height - left - size, top] : [top, left]
}
