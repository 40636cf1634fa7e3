/** `npx tsx src/experiments/worker.ts --shared DIR` */
import { launch } from "./command/launch.ts"

if (!launch()) await import("./worker-main.ts")
