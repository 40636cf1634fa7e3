/** Prints the lines and progress bars of the set-up. */

/** The output that lines and bars are written to. */
export interface Screen {
  readonly terminal: boolean
  readonly write: (text: string) => void
  /** Milliseconds, of any origin. */
  readonly now: () => number
}

const REDRAW_MS = 100
const PLAIN_LINE_MS = 5000
const WIDTH = 30

/**
 * Formats a number of bytes in megabytes.
 *
 * @example
 * megabytes(207264816) // => "207 MB"
 */
export const megabytes = (bytes: number): string => `${Math.round(bytes / 1e6)} MB`

const bar = (done: number, total: number): string => {
  const filled = total === 0 ? WIDTH : Math.min(WIDTH, Math.round((done / total) * WIDTH))
  return `${"█".repeat(filled)}${"░".repeat(WIDTH - filled)}`
}

/** Shows progress: on a terminal as a bar that is redrawn, elsewhere as a plain line every few seconds and at the end. */
export const showProgress = (
  screen: Screen
): {
  readonly say: (line: string) => void
  readonly progress: (task: string, done: number, total: number | undefined) => void
} => {
  let shown = Number.NEGATIVE_INFINITY
  let open = false
  const clear = () => {
    if (open) screen.write("\r\u001b[2K")
    open = false
  }
  const say = (line: string) => {
    clear()
    screen.write(`${line}\n`)
  }
  const progress = (task: string, done: number, total: number | undefined) => {
    const ended = done === total
    const wait = screen.terminal ? REDRAW_MS : PLAIN_LINE_MS
    if (!ended && screen.now() - shown < wait) return
    shown = ended ? Number.NEGATIVE_INFINITY : screen.now()
    const amount = total === undefined ? megabytes(done) : `${megabytes(done)} of ${megabytes(total)}`
    if (ended) return say(`  ${task}: ${megabytes(done)}`)
    if (!screen.terminal) return say(`  ${task}: ${amount}`)
    const picture = total === undefined ? "" : `${bar(done, total)} `
    screen.write(`\r\u001b[2K  ${task} ${picture}${amount}`)
    open = true
  }
  return { say, progress }
}
