/** A program that computes without listening, and says whether it could end by itself. */
import { launch } from "../../../src/experiments/command/launch.ts"

if (!launch()) {
  for (const [signal, code] of [["SIGINT", 130] as const, ["SIGTERM", 143] as const]) {
    process.on(signal, () => {
      process.stdout.write("ended by itself\n")
      process.exit(code)
    })
  }
  process.stdout.write(`busy ${process.argv.slice(2).join(" ")}\n`)
  const seconds = process.argv[2] === "for-long" ? 100 : 2
  for (const end = performance.now() + 1000 * seconds; performance.now() < end; );
  setTimeout(() => process.exit(1), 20_000)
}
