/** The counts with which CI ends, made from the report of the test runner. */
import { execFileSync } from "node:child_process"
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join, resolve } from "node:path"
import { afterAll, expect, it } from "vitest"

const home = mkdtempSync(join(tmpdir(), "orbitrank-counts-"))
afterAll(() => rmSync(home, { recursive: true, force: true }))

const passed = { fullName: "sums on wasm", status: "passed", failureMessages: [] }
const failed = { fullName: "sums on cpu", status: "failed", failureMessages: ["expected 1 to be \u0000"] }
const file = (name: string, status: string, message: string, assertionResults: ReadonlyArray<object>) => ({
  ...{ name, status, message, assertionResults }
})

/** The two lines that are printed, and the text of the failures. */
const counted = (report: string, environment = {}) => {
  const [from, to] = [join(home, "report.json"), join(home, "failures.txt")]
  writeFileSync(from, report)
  const env = { ...process.env, EXPECT_TENSORFLOW: "", ...environment }
  const said = execFileSync(process.execPath, [resolve(import.meta.dirname, "../.ci/counts.mjs"), from, to], { env })
  return { lines: String(said).trim().split("\n"), failures: readFileSync(to, "utf8") }
}

it("counts tests, and a file that does not load as one failure; failures are plain text", () => {
  const testResults = [file("a.test.ts", "failed", "", [passed, failed]), file("b.test.ts", "failed", "no module", [])]
  const { failures, lines } = counted(JSON.stringify({ numPassedTests: 1, numFailedTests: 1, testResults }))
  expect(lines).toEqual(["1 2", "tests by engine: wasm 1"])
  expect(failures).toBe("FAILED b.test.ts\nno module\nFAILED a.test.ts: sums on cpu\nexpected 1 to be ?\n")
})

it("counts TensorFlow as a failure if it was set up and no test ran on it", () => {
  const report = JSON.stringify({ numPassedTests: 1, testResults: [file("a.test.ts", "passed", "", [passed])] })
  expect(counted(report).lines[0]).toBe("1 0")
  expect(counted(report, { EXPECT_TENSORFLOW: "1" }).lines[0]).toBe("1 1")
})

it("counts nothing if the runner left no report", () => {
  expect(counted("not JSON").lines).toEqual(["0 0", "tests by engine: none"])
})
