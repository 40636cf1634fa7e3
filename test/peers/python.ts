/**
 * Checks against other programs, through small Python scripts. `PEERS_PYTHON` names an interpreter that has the packages
 * of `requirements.txt`; without it, or without a package, a check is skipped and says what it missed.
 *
 * A script `scripts/NAME.py` takes its arguments from the command line and prints JSON as its last line.
 */
import { execFile, execFileSync } from "node:child_process"
import { join } from "node:path"
import { promisify } from "node:util"
import { it } from "vitest"

const interpreter = process.env.PEERS_PYTHON

const PROBE = `
import importlib.util, json, sys
print(json.dumps([name for name in sys.argv[1:] if importlib.util.find_spec(name) is None]))`

/** Those of some Python packages that the interpreter lacks. */
const lacking = (packages: ReadonlyArray<string>): ReadonlyArray<string> =>
  interpreter === undefined
    ? ["PEERS_PYTHON"]
    : JSON.parse(execFileSync(interpreter, ["-c", PROBE, ...packages], { encoding: "utf8" }))

/** Runs `scripts/NAME.py` and gives the JSON that its last line holds. */
const run = async (script: string, ...args: ReadonlyArray<string | number>): Promise<unknown> => {
  const file = join(import.meta.dirname, "scripts", `${script}.py`)
  const { stdout } = await promisify(execFile)(interpreter as string, [file, ...args.map(String)], {
    maxBuffer: 1 << 28
  })
  return JSON.parse(stdout.trim().split("\n").at(-1) ?? "")
}

/**
 * A vitest case that needs Python packages.
 *
 * @param packages names to import, such as `rasterio`
 * @param body gets the function that runs a script
 */
export const peer = (name: string, packages: ReadonlyArray<string>, body: (python: typeof run) => Promise<void>) =>
  it(name, async (context) => {
    const missing = lacking(packages)
    if (missing.length > 0) context.skip(`without ${missing.join(", ")}`)
    await body(run)
  })
