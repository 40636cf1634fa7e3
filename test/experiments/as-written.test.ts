// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are references of configuration files
/** Files that include others and refer to the environment: plan, record, resumption, and the original's form. */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { homedir, tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { makePlan, showPlan } from "../../src/experiments/plan/plan.ts"
import { runHere } from "./in-process.ts"
import { experimentFile, variants } from "./original/files.ts"

let folder: string
const before = { ...process.env }
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "orbitrank-written-"))
  Object.assign(process.env, { ORBIT_DATA: join(folder, "data"), ORBIT_SIZE: "32" })
})
afterEach(() => {
  for (const key of ["ORBIT_DATA", "ORBIT_SIZE", "HOME"]) {
    if (before[key] === undefined) delete process.env[key]
    else process.env[key] = before[key]
  }
  rmSync(folder, { recursive: true, force: true })
})

const put = (name: string, text: string): string => {
  const path = join(folder, name)
  mkdirSync(join(path, ".."), { recursive: true })
  writeFileSync(path, text)
  return path
}

const files = () => {
  put(
    "shared/machine.yaml",
    "root_dir: ${ORBIT_DATA}\ndevice: ${ORBIT_DEVICE:-auto}\ndefine: { patches: &patches 6 }\n"
  )
  return put(
    "mine.yaml",
    `include: shared/machine.yaml
pipelines:
  made:
    - miniature: { kind: ucm, patches: *patches, size: \${ORBIT_SIZE}, to: ucm }
`
  )
}

describe("a file that includes another and refers to the environment", () => {
  it("is shown resolved by --check, and what is shown is a file of the same pipelines", () => {
    const plan = makePlan(files(), [])
    const shown = showPlan(plan)
    expect(shown).toContain(`root_dir: ${join(folder, "data")}`)
    expect(shown).toContain("size: 32")
    expect(shown).not.toContain("${")
    const again = makePlan(put("shown.yaml", shown), [])
    expect(again.configuration.pipelines).toEqual(plan.configuration.pipelines)
    expect(showPlan(again).split("\n").slice(1)).toEqual(shown.split("\n").slice(1))
  })

  it("is recorded resolved; another value of the environment is another configuration", async () => {
    const file = files()
    const out = join(folder, "run")
    expect((await runHere(file, [], { out })).error).toBe("")
    const record = JSON.parse(readFileSync(join(out, "record.json"), "utf8"))
    expect(record.configuration.settings.root_dir).toBe(join(folder, "data"))
    expect(record.configuration.pipelines.made[0].miniature).toMatchObject({ size: 32, patches: 6 })
    expect(existsSync(join(folder, "data", "ucm", "multi-labels.csv"))).toBe(true)
    expect((await runHere(file, [], { out })).error).toBe("")
    process.env.ORBIT_SIZE = "48"
    const { error } = await runHere(file, [], { out })
    expect(error).toContain("belongs to another configuration")
    expect(error).toContain("pipelines.made.0.miniature.size: 32 before, 48 now")
  })

  it("keeps references that are escaped", () => {
    const plan = makePlan(put("a.yaml", "pipelines: { p: [{ inspect: { from: $${X}/a } }] }\n"), [])
    const shown = showPlan(plan)
    expect(shown).toContain('"$${X}/a"')
    expect(makePlan(put("b.yaml", shown), []).configuration.pipelines).toEqual(plan.configuration.pipelines)
  })
})

describe("the home folder", () => {
  it("is meant by ~/ in `root_dir`, and no folder named ~ is made", async () => {
    process.env.HOME = join(folder, "home")
    expect(homedir()).toBe(join(folder, "home"))
    const file = put(
      "own.yaml",
      "root_dir: ~/own\npipelines: { made: [{ miniature: { kind: ucm, patches: 2, size: 16, to: ucm } }] }\n"
    )
    expect((await runHere(file, [], { out: join(folder, "run") })).error).toBe("")
    expect(existsSync(join(folder, "home", "own", "ucm"))).toBe(true)
    expect(existsSync("~")).toBe(false)
  })

  it("is meant in the original's files too", () => {
    process.env.HOME = join(folder, "home")
    mkdirSync(join(folder, "home", "UCM"), { recursive: true })
    const text = experimentFile(variants[1]).replace("'test'", "'prepare'").replaceAll("ROOT", "~/UCM")
    expect(showPlan(makePlan(put("original.yaml", text), []))).toContain(`root_dir: ${join(folder, "home", "UCM")}`)
  })
})
