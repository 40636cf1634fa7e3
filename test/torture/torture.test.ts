/** A tiny round of each campaign; `npm run torture` runs them longer. */
import { describe, expect, it } from "vitest"
import { redone } from "./cluster.ts"
import { counted, type Trial, table } from "./counts.ts"
import { bitsApart, damage } from "./damage.ts"
import { close, type Format, formats } from "./formats.ts"
import { kill } from "./kills.ts"
import { mutate, mutateHere, tryOne } from "./mutations.ts"

describe("damaged files", () => {
  it.each(Object.keys(formats))("%s: refused in words, or read as it was", async (name) => {
    const trials: Array<Trial> = []
    await mutateHere(name, 7, 0, name === "parquet" ? 6 : 16, (_, trial) => trials.push(trial))
    const { refused, wrong } = counted(name, trials)
    expect(wrong).toEqual([])
    expect(refused).toBeGreaterThan(0)
  })

  it("are tried in a process of their own, which gives the same", async () => {
    const trials: Array<Trial> = []
    await mutateHere("npy", 3, 0, 12, (_, trial) => trials.push(trial))
    expect(await mutate("npy", 3, 12)).toEqual(counted("mutate npy", trials))
  })

  it("count as wrong if they give other values, a bug's message, or a refusal of a sound file", async () => {
    const whole = new Uint8Array(64).fill(7)
    const outcomes = async (read: Format["read"]) => {
      const trials = Array.from({ length: 40 }, (_, i) =>
        tryOne({ whole, read, loses: "bits" }, { a: whole }, "x", 1, i)
      )
      return counted("x", await Promise.all(trials))
    }
    const good = await outcomes(async (bytes) => ({ a: bytes }))
    expect([good.wrong, good.refused]).toEqual([[], 0])
    expect(good.changed).toBeGreaterThan(10)
    const other = await outcomes(async (bytes) => ({ a: bytes.map((byte) => byte ^ 255) }))
    expect(other.wrong.length).toBeGreaterThan(10)
    const bug = await outcomes(async () => {
      throw new TypeError("undefined is not a function")
    })
    expect(bug.wrong).toHaveLength(40)
    const strict = await outcomes(async () => {
      throw Object.assign(new Error("is damaged"), { _tag: "DataError" })
    })
    expect(strict.refused).toBeGreaterThan(20)
    expect(strict.wrong.join()).toContain("an undamaged file is refused")
    close()
  })

  it("are the same for the same seed", () => {
    const whole = Uint8Array.from({ length: 1000 }, (_, i) => i)
    const all = (seed: number) => Array.from({ length: 150 }, (_, i) => damage(whole, seed, i, "x"))
    expect(all(1)).toEqual(all(1))
    expect(all(1)).not.toEqual(all(2))
    for (const { bits, bytes } of all(1)) expect(bits).toBe(bitsApart(whole, bytes))
    expect(new Set(all(1).map(({ words }) => words)).size).toBe(8)
  })
})

describe("killed runs", () => {
  it("end as if they had never been killed", async () => {
    const { equal, wrong } = await kill("save", 5, 1)
    expect([wrong, equal]).toEqual([[], 1])
  })
})

it("ranges that were made again are counted, but not those whose part was there", () => {
  expect(redone([1, 1, 1], "range 0 to 4 of extract: made\n")).toBe(0)
  expect(redone([1, 3, 2], "range 0 to 4 of extract: made before\nrange 4 to 8 of extract: made\n")).toBe(2)
})

it("counts are a table", () => {
  expect(table([counted("a", [{ outcome: "equal" }, { outcome: "wrong", why: "it ends" }], 4)])).toBe(
    [
      "| campaign | trials | refused | equal | changed | wrong |",
      "|:---------|-------:|--------:|------:|--------:|------:|",
      "| a        |      2 |       0 |     1 |       0 |     1 |"
    ].join("\n")
  )
  expect(counted("a", [{ outcome: "wrong", why: "it ends" }], 4).wrong).toEqual(["trial 4: it ends"])
})
