// node .ci/counts.mjs REPORT FAILURES: reads vitest's JSON report, writes what failed into FAILURES, and prints two lines:
// `PASSED FAILED`, and the tests that passed by tensor engine.
import { readFileSync, writeFileSync } from "node:fs"

const [reportFile, failuresFile] = process.argv.slice(2)

const readReport = () => {
  try {
    return JSON.parse(readFileSync(reportFile, "utf8"))
  } catch {
    return { numPassedTests: 0, numFailedTests: 0, testResults: [] }
  }
}

const report = readReport()
const tests = report.testResults.flatMap(({ assertionResults }) => assertionResults)
/** A file that does not even load has no tests to count, but it has failed. */
const broken = report.testResults.filter((file) => file.status === "failed" && file.assertionResults.length === 0)

const engines = new Map()
for (const { fullName, status } of tests) {
  const engine = / on (cpu|wasm|tensorflow)/.exec(fullName)?.[1]
  if (engine !== undefined && status === "passed") engines.set(engine, (engines.get(engine) ?? 0) + 1)
}
const failures = [
  ...broken.map(({ name, message }) => `${name}\n${message}`),
  ...report.testResults.flatMap(({ name, assertionResults }) =>
    assertionResults
      .filter(({ status }) => status === "failed")
      .map(({ fullName, failureMessages }) => `${name}: ${fullName}\n${failureMessages.join("\n")}`)
  )
]
if (process.env.EXPECT_TENSORFLOW && !engines.has("tensorflow")) {
  failures.push("TensorFlow was set up, but no test ran on it")
}

/** Short and plain, so that no failure hides another one or fills a log with bytes that are no text. */
const printable = (text) => text.replace(/[^\n\x20-\x7e]/g, "?").slice(0, 2000)
writeFileSync(failuresFile, failures.map((text) => `FAILED ${printable(text)}\n`).join(""))

console.log(report.numPassedTests, failures.length)
console.log(`tests by engine: ${[...engines].map(([engine, n]) => `${engine} ${n}`).join(", ") || "none"}`)
