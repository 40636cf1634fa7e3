import { describe, expect, it } from "vitest"
import { readingAtOnce } from "../../../src/ops/data/at-once.ts"

/** Reads that take the given milliseconds, one after the other; which of them ran at once. */
const ran = (times: ReadonlyArray<number>): ReadonlyArray<boolean> => {
  let clock = 0
  const atOnce = readingAtOnce(() => clock)
  return times.map((time, i) => {
    const found = atOnce(() => {
      clock += time
      return i
    })
    expect([i, undefined]).toContain(found)
    return found === i
  })
}

describe("reading at once", () => {
  it("goes on as long as no read has to wait", () => {
    expect(ran(new Array(200).fill(1))).toEqual(new Array(200).fill(true))
  })

  it("leaves 64 reads to other threads after one that waited, and then tries again", () => {
    const times = [0.1, 3, ...new Array<number>(64).fill(0), 3, ...new Array<number>(64).fill(0), 0.1, 0.1]
    const slow = [true, ...new Array<boolean>(64).fill(false)]
    expect(ran(times)).toEqual([true, ...slow, ...slow, true, true])
  })

  it("passes on what a read throws, and reads the next at once", () => {
    const atOnce = readingAtOnce()
    const failing = () => {
      throw new Error("no such file")
    }
    expect(() => atOnce(failing)).toThrow("no such file")
    expect(atOnce(() => 1)).toBe(1)
  })
})
