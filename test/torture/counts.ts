/** Counts of trials, and the table that shows them. */

/**
 * Outcome of one trial. `refused`: an error that names file, problem and remedy. `equal`: the right result. `changed`:
 * values differ in no more bits than were damaged, in a format without checksums, so no reader can notice. `wrong`:
 * anything else, such as other values, a crash, a bug's message, or no answer in time.
 */
export type Outcome = "refused" | "equal" | "changed" | "wrong"

export interface Trial {
  readonly outcome: Outcome
  /** Why an outcome is wrong. */
  readonly why?: string
}

export interface Counts {
  readonly campaign: string
  readonly trials: number
  readonly refused: number
  readonly equal: number
  readonly changed: number
  /** One line for each wrong outcome, with the trial's number. */
  readonly wrong: ReadonlyArray<string>
}

/** Counts the trials of a campaign, whose numbers begin at `from`. */
export const counted = (campaign: string, trials: ReadonlyArray<Trial>, from = 0): Counts => {
  const of = (outcome: Outcome) => trials.filter((trial) => trial.outcome === outcome).length
  const wrong = trials.flatMap(({ outcome, why = "" }, i) => (outcome === "wrong" ? [`trial ${from + i}: ${why}`] : []))
  return { campaign, trials: trials.length, refused: of("refused"), equal: of("equal"), changed: of("changed"), wrong }
}

const HEAD = ["campaign", "trials", "refused", "equal", "changed", "wrong"]

/** The counts of several campaigns as a table in Markdown. */
export const table = (all: ReadonlyArray<Counts>): string => {
  const rows = all.map(({ campaign, changed, equal, refused, trials, wrong }) =>
    [campaign, trials, refused, equal, changed, wrong.length].map(String)
  )
  const width = HEAD.map((head, i) => Math.max(head.length, ...rows.map((row) => row[i].length)))
  const line = (cells: ReadonlyArray<string>) =>
    `| ${cells.map((cell, i) => (i === 0 ? cell.padEnd(width[i]) : cell.padStart(width[i]))).join(" | ")} |`
  const rule = `|${width.map((n, i) => (i === 0 ? `:${"-".repeat(n + 1)}` : `${"-".repeat(n + 1)}:`)).join("|")}|`
  return [line(HEAD), rule, ...rows.map(line)].join("\n")
}
