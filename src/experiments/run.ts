#!/usr/bin/env node
/** The program: `npx tsx src/experiments/run.ts CONFIG` in a clone, `npx orbitrank CONFIG` where it is installed. */
import { answerTo, give } from "./command/answer.ts"
import { startCommand } from "./command/bundled.ts"

const args = process.argv.slice(2)
const answer = answerTo(args)
if (answer !== undefined) await give(answer)
else await startCommand("run", () => import("./main.ts"))
