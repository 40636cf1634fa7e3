/** How a program stops on signals: cleanly on the first one, at once on the second. Loads nothing, for quick starters. */

/** Exit codes of a program that ends at once, by the signal. */
export const STOPPING = { SIGINT: 130, SIGTERM: 143 } as const

/** The variable that names the process that launched a program: the program ends with it. */
export const LAUNCHER = "ORBITRANK_LAUNCHER"

/** Milliseconds after the first signal within which another one is an echo: `npx` and npm pass the terminal's on twice. */
export const ECHO = 1000

/** What is said when a program ends at once. */
export const AT_ONCE =
  "Ended at once. Finished pipelines and saved checkpoints are kept; anything since then is lost and runs again."
