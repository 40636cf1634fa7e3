/** `npx tsx src/experiments/worker.ts --shared DIR` */
import { give, passwordIn } from "./command/answer.ts"
import { bundledProgram } from "./command/bundled.ts"
import { launch } from "./command/launch.ts"

const refused = passwordIn(process.argv.slice(2))
if (refused !== undefined) await give(refused)
else {
  const program = await bundledProgram("worker")
  if (!launch(program?.launched)) await (program === undefined ? import("./worker-main.ts") : import(program.main))
}
