/** The tables of products of tiles: where the four rows of each tile begin. */
import { ROWS } from "../../formats/wasm-tiles.ts"
import type { Room } from "./room.ts"

/** Lays out the room of a product, in values of 32 bits. */
export const layout = () => {
  let size = 0
  return {
    /** Reserves values, at a multiple of 16 bytes, and returns the place of the first one. */
    take: (count: number): number => {
      const at = size
      size += 4 * Math.ceil(count / 4)
      return at
    },
    size: () => size
  }
}

/** Number of tiles of some rows. */
export const tilesOf = (rows: number): number => Math.ceil(rows / ROWS)

/** Values of a table for some rows. */
export const tableSize = (rows: number): number => 2 * ROWS * tilesOf(rows)

/**
 * Returns a function that enters one row after another, by the places of its first factor and of its first result. `finish`
 * repeats the last row until the last tile is full, which computes that row several times.
 */
export const entering = ({ ints }: Room, table: number) => {
  let [rows, lastX, lastY] = [0, 0, 0]
  const enter = (x: number, y: number) => {
    const at = table + 2 * ROWS * Math.floor(rows / ROWS) + (rows % ROWS)
    ints[at] = 4 * x
    ints[at + ROWS] = 4 * y
    rows++
    lastX = x
    lastY = y
  }
  return {
    enter,
    finish: () => {
      while (rows % ROWS !== 0) enter(lastX, lastY)
    }
  }
}
