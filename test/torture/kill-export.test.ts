import { describe, expect, it } from "vitest"
import { killExports } from "./kill-export.ts"

describe("an export that is killed", () => {
  it("leaves no torn file, and is whole after a second run", async () => {
    expect(await killExports(24, 2)).toEqual([{ outcome: "equal" }, { outcome: "equal" }])
  })
})
