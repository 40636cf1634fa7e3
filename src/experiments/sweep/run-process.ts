/**
 * A process that runs configurations one after another, each exactly as `run.ts` does, so that the program is loaded only once.
 * It ends with the process that started it.
 */
import { fileURLToPath } from "node:url"
import { Effect, Exit, Fiber } from "effect"
import { EXIT } from "../../pipeline/main.ts"
import { ECHO, STOPPING } from "../../pipeline/stopping.ts"
import { launch } from "../command/launch.ts"
import { mainProgram } from "../command/main-program.ts"
import { type Asked, ENDED } from "./child-run.ts"

/** The file that a user would start. */
const PROGRAM = fileURLToPath(new URL("../run.ts", import.meta.url))

let present: Fiber.Fiber<number> | undefined
/** When a signal first asked this process to end. */
let ending: number | undefined

const stop = (): void => {
  if (present !== undefined) Effect.runFork(Fiber.interrupt(present))
}

const run = (args: ReadonlyArray<string>): void => {
  // `publish` records the command of its run.
  process.argv = [process.argv[0], PROGRAM, ...args]
  const fiber = Effect.runFork(mainProgram(args))
  present = fiber
  fiber.addObserver((exit) => {
    present = undefined
    const code = Exit.isSuccess(exit) ? exit.value : EXIT.interrupted
    process.stderr.write(`${ENDED}${code}\n`, () => {
      if (ending !== undefined) process.exit(code)
    })
  })
}

/** Ends this process once the present run has stopped; at once if it is asked again, not by an echo. */
const end = (code: number): void => {
  const now = performance.now()
  if (present === undefined || (ending !== undefined && now - ending > ECHO)) process.exit(code)
  ending ??= now
  stop()
}

if (process.send !== undefined) {
  launch()
  process.stderr.on("error", () => {})
  for (const [signal, code] of Object.entries(STOPPING)) process.on(signal, () => end(code))
  process.on("message", (asked: Asked) => ("run" in asked ? run(asked.run) : stop()))
}
