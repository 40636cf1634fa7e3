/**
 * Takes and releases the lock of a folder in many rounds, at once with other processes; prints how often it held it, and
 * how often another held it, too. From time to time it leaves its lock behind as a killed process does.
 */
import { mkdirSync, rmdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { takeLock } from "../../../src/experiments/folder/lock-file.ts"
import { hostOf } from "../../../src/experiments/folder/lock-owner.ts"

const [folder, rounds] = [process.argv[2], Number(process.argv[3])]
const inside = join(folder, "inside")
let held = 0
let doubled = 0
const started = performance.now()
while (held < rounds && performance.now() - started < 60_000) {
  let lock: ReturnType<typeof takeLock>
  try {
    lock = takeLock(folder)
  } catch {
    continue
  }
  held++
  try {
    mkdirSync(inside)
    for (const end = performance.now() + 1; performance.now() < end; );
    rmdirSync(inside)
  } catch {
    doubled++
  }
  if (held % 3 === 0) lock.release()
  // The number of a process that has ended, or a start that is not its own: both are stale.
  else if (held % 3 === 1) writeFileSync(join(folder, "run.lock"), "4194304")
  else {
    const token = `${process.pid}-${held}`
    const text = JSON.stringify({ host: hostOf(), pid: process.ppid, started: "long ago", token })
    writeFileSync(join(folder, "run.lock"), text)
  }
}
process.stdout.write(`${JSON.stringify({ held, doubled })}\n`)
