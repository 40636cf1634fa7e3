/** A program that computes for seconds without listening, and says whether it could end by itself. */
import { launch } from "../../src/experiments/launch.ts"

if (!launch()) {
  process.on("SIGINT", () => {
    process.stdout.write("ended by itself\n")
    process.exit(130)
  })
  process.stdout.write(`busy ${process.argv.slice(2).join(" ")}\n`)
  for (const end = performance.now() + 2000; performance.now() < end; );
  setTimeout(() => process.exit(1), 20_000)
}
