import { afterEach, expect, it, vi } from "vitest"
import { stderrScreen } from "../../src/experiments/screen.ts"

afterEach(() => vi.unstubAllGlobals())

it.each([
  [undefined, 80],
  [0, 80],
  [120, 120]
])("takes a terminal that says %s columns for %s", (columns, width) => {
  vi.stubGlobal("process", { ...process, env: process.env, stderr: { columns } })
  expect(stderrScreen().columns()).toBe(width)
})
