/** How a run begins in its folder, and what the user has to type to continue it. */

/** Continuing, anew because the user asks for it (`--fresh`), or anew because its file does so each time (`fresh: true`). */
export type Beginning = "continue" | "fresh" | "freshByFile"

/** The command that continues a run; undefined if the file starts anew each time. */
const continuing = (begins: Beginning, freshFile: boolean): string | undefined => {
  if (freshFile) return undefined
  return begins === "fresh" ? "the same command without `--fresh`" : "the same command"
}

/**
 * Remedy after a failed step, without a full stop; empty if the file starts anew each time.
 *
 * @param freshFile whether the file has `fresh: true`
 */
export const afterFailure = (begins: Beginning, freshFile: boolean): string => {
  const command = continuing(begins, freshFile)
  if (command === undefined) return ""
  const other = begins === "fresh" ? "needs it" : "needs `--fresh`"
  return `Once this is fixed, ${command} continues from here; a changed configuration ${other} or another \`--out\``
}

/** The line after an interrupt. */
export const afterInterrupt = (begins: Beginning, freshFile: boolean): string => {
  const command = continuing(begins, freshFile)
  return `Interrupted.${command === undefined ? "" : ` T${command.slice(1)} continues from here.`}`
}
