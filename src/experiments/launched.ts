/** The program in a process of its own, which `run.ts` starts and watches. */
import { watchLauncher } from "./command/launch.ts"

watchLauncher()
await import("./main.ts")
