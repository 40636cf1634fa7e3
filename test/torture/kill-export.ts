/**
 * The campaign that kills exports: `export` gets SIGKILL at a drawn point and is then run again. After the kill no file with
 * a final name may be torn, and an index may be there only if all of its shards are; after the second run the folder must
 * hold exactly what an export that nobody killed writes.
 */
import { spawn } from "node:child_process"
import { once } from "node:events"
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Effect } from "effect"
import { openWriter } from "../../src/ops/data/stores/open-store.ts"
import { decodeSafetensors } from "../../src/ops/formats/safetensors/read.ts"
import { encodeSafetensors } from "../../src/ops/formats/safetensors/write.ts"
import { random } from "../../src/pipeline/random.ts"

const PATCHES = 60
const KINDS = ["patch", "shard"] as const
type Kind = (typeof KINDS)[number]

/** One trial; `wrong` if files were torn, lost or left over. */
export interface KilledExport {
  readonly outcome: "equal" | "wrong"
  readonly why?: string
}

const fill = (root: string) =>
  Effect.runPromise(
    Effect.scoped(
      Effect.map(openWriter(join(root, "patches.lmdb")), (store) =>
        store.write(
          Array.from({ length: PATCHES }, (_, i) => {
            const data = new Uint16Array(64 * 64).fill(i)
            const labels = { labels_19: '["Pastures"]' }
            return [
              `p${i}`,
              encodeSafetensors([{ name: "B02", dtype: "uint16", shape: [64, 64], data }], labels)
            ] as const
          })
        )
      )
    )
  )

/** Runs an export; kills it once it has printed `lines` lines, if that many are given. */
const exporting = async (root: string, by: Kind, to: string, lines?: number): Promise<void> => {
  const child = spawn(
    process.execPath,
    ["--import", "tsx", join(import.meta.dirname, "export-child.ts"), root, by, to],
    {
      stdio: ["ignore", "pipe", "inherit"]
    }
  )
  let seen = 0
  child.stdout.on("data", (text: Buffer) => {
    seen += text.toString().split("\n").length - 1
    if (lines !== undefined && seen > lines) child.kill("SIGKILL")
  })
  const [code] = await once(child, "close")
  if (lines === undefined && code !== 0) throw new Error(`an export ends with ${code}`)
}

const filesIn = (folder: string): ReadonlyMap<string, Buffer> =>
  new Map(
    readdirSync(folder)
      .sort()
      .map((name) => [name, readFileSync(join(folder, name))])
  )

const INDEX = "patches.safetensors.index.json"

/** What is wrong with a folder after a kill; `undefined` if nothing is. */
const torn = (files: ReadonlyMap<string, Buffer>): string | undefined => {
  for (const [name, bytes] of files) {
    if (!name.endsWith(".safetensors")) continue
    try {
      decodeSafetensors(bytes, name)
    } catch (fault) {
      return `${name} is torn: ${(fault as Error).message}`
    }
  }
  const index = files.get(INDEX)
  if (index === undefined) return undefined
  const shards = Object.values(JSON.parse(index.toString()).weight_map as Readonly<Record<string, string>>)
  const lost = shards.find((shard) => !files.has(shard))
  return lost === undefined ? undefined : `the index names ${lost}, which is not there`
}

const unlike = (found: ReadonlyMap<string, Buffer>, wanted: ReadonlyMap<string, Buffer>): string | undefined => {
  const names = [...found.keys()].join(", ")
  if (names !== [...wanted.keys()].join(", ")) return `after a second run the folder holds ${names}`
  const other = [...wanted].find(([name, bytes]) => !found.get(name)?.equals(bytes))
  return other === undefined ? undefined : `after a second run ${other[0]} has other bytes`
}

/** Kills `trials` exports, by patch and by shard in turn. */
export const killExports = async (seed: number, trials: number): Promise<ReadonlyArray<KilledExport>> => {
  const root = mkdtempSync(join(tmpdir(), "orbitrank-kill-export-"))
  try {
    await fill(root)
    const wanted = new Map<Kind, ReadonlyMap<string, Buffer>>()
    for (const kind of KINDS) {
      await exporting(root, kind, `whole-${kind}`)
      wanted.set(kind, filesIn(join(root, `whole-${kind}`)))
    }
    const results: Array<KilledExport> = []
    for (let i = 0; i < trials; i++) {
      const kind = KINDS[i % KINDS.length]
      const folder = join(root, `killed-${i}`)
      const lines = random(seed, 0, i, "kill export").int(kind === "patch" ? PATCHES : PATCHES / 5)
      await exporting(root, kind, folder, lines)
      const broken = torn(filesIn(folder))
      await exporting(root, kind, folder)
      const why = broken ?? unlike(filesIn(folder), wanted.get(kind) ?? new Map())
      results.push(
        why === undefined ? { outcome: "equal" } : { outcome: "wrong", why: `by ${kind}, ${lines} files: ${why}` }
      )
    }
    return results
  } finally {
    rmSync(root, { recursive: true, force: true })
  }
}
