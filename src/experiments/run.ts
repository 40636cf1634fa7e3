/** `npx tsx src/experiments/run.ts CONFIG` */
import { launch } from "./launch.ts"

if (!launch()) await import("./main.ts")
