/** The worker in a process of its own, which `worker.ts` starts and watches. */
import { watchLauncher } from "./command/launch.ts"

watchLauncher()
await import("./worker-main.ts")
