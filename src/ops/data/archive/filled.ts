/** Labels that look filled in, as in a spreadsheet, not seen. */

/** So many neighbouring classes of one image. */
export const FILLED_RUN = 8

/** The most labels, 0 or 1, that are set beside each other. */
export const longestRun = (labels: Uint8Array): number => {
  let run = 0
  let longest = 0
  for (const label of labels) {
    run = label === 1 ? run + 1 : 0
    longest = Math.max(longest, run)
  }
  return longest
}
