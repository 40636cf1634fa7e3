/** What the command line does if its output cannot be written: /dev/full fails every write, as a full disk does. */
import { spawn } from "node:child_process"
import { once } from "node:events"
import { closeSync, existsSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join, resolve } from "node:path"
import { afterAll, describe, expect, it } from "vitest"
import { writeNpy } from "../ops/retrieve/embeddings/npy.ts"

const home = mkdtempSync(join(tmpdir(), "orbitrank-"))
afterAll(() => rmSync(home, { recursive: true, force: true }))
const npy = join(home, "E.npy")
writeNpy(npy, Float32Array.of(1, 0, 0.1, 1), 2, 2)

const file = join(home, "look.yaml")
writeFileSync(file, `root_dir: ${home}\npipelines:\n  found:\n    - inspect: { from: ${npy} }\n    - print\n`)

const into = async (output: string, args: ReadonlyArray<string>) => {
  const fd = openSync(output, "w")
  const program = join("src", "experiments", "run.ts")
  const child = spawn(process.execPath, ["--import", "tsx", program, ...args], {
    cwd: resolve(import.meta.dirname, "../.."),
    stdio: ["ignore", fd, "pipe"]
  })
  closeSync(fd)
  let err = ""
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    err += text
  })
  const [code] = await once(child, "close")
  return { code, err }
}
const FULL = "standard output: cannot be written: the disk is full. Free space there, or redirect it to another place."

describe.skipIf(!existsSync("/dev/full"))(
  "output on a full disk",
  () => {
    it.each([
      ["--operators", ["--operators"]],
      ["--check", [file, "--check"]],
      ["--help", ["--help"]]
    ])("of %s ends with 1 and one message", async (_, args) => {
      expect(await into("/dev/full", args)).toEqual({ code: 1, err: `${FULL}\n` })
    })

    it("of `print` fails its pipeline, which is not recorded as finished", async () => {
      const out = join(home, "printed")
      const { code, err } = await into("/dev/full", [file, "--out", out])
      expect([code, err]).toEqual([
        1,
        expect.stringContaining(`${file}:5:7: pipelines.found.print: ${FULL.slice(0, -1)}`)
      ])
      const statusOf = () => JSON.parse(readFileSync(join(out, "record.json"), "utf8")).pipelines.found.status
      expect(statusOf()).toBe("failed")
      const whole = join(home, "whole.txt")
      expect((await into(whole, [file, "--out", out, "--json"])).code).toBe(0)
      expect(statusOf()).toBe("finished")
      const [line, ...json] = readFileSync(whole, "utf8").split("\n")
      expect(JSON.parse(line)).toMatchObject({ patch: "E" })
      expect(JSON.parse(json.join("\n")).pipelines.found.status).toBe("finished")
    })

    it("of the record that `--json` prints last ends with 1", async () => {
      const { code, err } = await into("/dev/full", [
        file,
        "--out",
        join(home, "whole"),
        "--json",
        "--set",
        "found.print=null"
      ])
      expect([code, err]).toEqual([1, expect.stringContaining(FULL)])
    })
  },
  120_000
)
