#!/usr/bin/env node
/** The program: `npx tsx src/experiments/run.ts CONFIG` in a clone, `npx orbitrank CONFIG` where it is installed. */
import { answerTo, give } from "./command/answer.ts"
import { launch } from "./command/launch.ts"

const answer = answerTo(process.argv.slice(2))
if (answer !== undefined) await give(answer)
else if (!launch()) await import("./main.ts")
