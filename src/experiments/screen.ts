import type { Screen } from "./progress.ts"

/** Progress goes to standard error, so that `--json` leaves standard output to the record. */
export const stderrScreen = (): Screen => ({
  terminal: process.stderr.isTTY === true && process.env.TERM !== "dumb",
  // A terminal that knows no size says 0.
  columns: () => process.stderr.columns || 80,
  write: (text) => void process.stderr.write(text),
  now: () => performance.now()
})
