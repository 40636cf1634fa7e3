/** The program that `run.ts` starts: the edge of the program, and the only place where its effects are run. */
import { runMain } from "../pipeline/main.ts"
import { mainProgram } from "./command/main-program.ts"

runMain(mainProgram(process.argv.slice(2)))
