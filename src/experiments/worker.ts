/** `npx tsx src/experiments/worker.ts --shared DIR` */
import { give, passwordIn } from "./command/answer.ts"
import { startCommand } from "./command/bundled.ts"

const refused = passwordIn(process.argv.slice(2))
if (refused !== undefined) await give(refused)
else await startCommand("worker", () => import("./worker-main.ts"))
