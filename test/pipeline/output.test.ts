import { Effect } from "effect"
import { afterEach, describe, expect, it, vi } from "vitest"
import { printed } from "../../src/pipeline/output.ts"
import { wholly } from "../../src/pipeline/write-text.ts"

afterEach(() => vi.restoreAllMocks())

/** Standard output that takes a text, or fails with a code. */
const output = (code: string | undefined) =>
  vi.spyOn(process.stdout, "write").mockImplementation((_text: unknown, ...[done]: ReadonlyArray<unknown>) => {
    const fault = code === undefined ? null : Object.assign(new Error(`${code}: write`), { code })
    ;(done as (cause: Error | null) => void)(fault)
    return true
  })
const outcome = () => Effect.runPromise(Effect.result(printed("a\n")))

describe("standard output", () => {
  it("takes a text", async () => {
    output(undefined)
    expect(await outcome()).toMatchObject({ _tag: "Success", success: true })
  })

  it("that nobody reads any more is no failure", async () => {
    output("EPIPE")
    expect(await outcome()).toMatchObject({ _tag: "Success", success: false })
  })

  it.each([
    ["ENOSPC", "the disk is full"],
    ["EDQUOT", "the disk quota is used up"],
    ["EIO", "the disk reported an error"],
    ["EOTHER", "EOTHER: write"]
  ])("that fails by %s says so", async (code, words) => {
    output(code)
    const result = await outcome()
    expect(result._tag === "Failure" && result.failure.message).toBe(
      `standard output: cannot be written: ${words}. Free space there, or redirect it to another place.`
    )
  })
})

describe("a text", () => {
  it("is written to its end where each call takes a part of it", () => {
    const taken: Array<number> = []
    wholly(
      (bytes, offset) => taken.push(...bytes.subarray(offset, offset + 3)) && Math.min(3, bytes.length - offset),
      Buffer.from("abcdefgh")
    )
    expect(Buffer.from(taken).toString()).toBe("abcdefgh")
  })

  it("ends in the error of the call that takes nothing", () => {
    let room = 4
    const disk = (bytes: Uint8Array, offset: number) => {
      const count = Math.min(room, bytes.length - offset)
      if (count === 0) throw new Error("ENOSPC")
      room -= count
      return count
    }
    expect(() => wholly(disk, Buffer.from("abcdefgh"))).toThrow("ENOSPC")
    expect(() => wholly(disk, Buffer.from(""))).not.toThrow()
  })
})
