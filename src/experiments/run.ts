#!/usr/bin/env node
/** The program: `npx tsx src/experiments/run.ts CONFIG` in a clone, `npx orbitrank CONFIG` where it is installed. */
import { answerTo, give } from "./command/answer.ts"
import { bundledProgram } from "./command/bundled.ts"
import { launch } from "./command/launch.ts"

const args = process.argv.slice(2)
const answer = answerTo(args)
if (answer !== undefined) await give(answer)
else {
  const program = await bundledProgram("run")
  if (!launch(program?.launched)) await (program === undefined ? import("./main.ts") : import(program.main))
}
