/** `npx tsx src/experiments/worker.ts --shared DIR` */
import { give, passwordIn } from "./command/answer.ts"
import { launch } from "./command/launch.ts"

const refused = passwordIn(process.argv.slice(2))
if (refused !== undefined) await give(refused)
else if (!launch()) await import("./worker-main.ts")
