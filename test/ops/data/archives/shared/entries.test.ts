/** Folders that hold more than an archive: links to other disks, and what systems leave there. */
import { mkdirSync, renameSync, symlinkSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { Effect } from "effect"
import sharp from "sharp"
import { describe, expect } from "vitest"
import { archive } from "../../../../../src/ops/data/archives/archive.ts"
import { inspect } from "../../../../../src/ops/data/inspect/inspect.ts"
import { miniature } from "../../../../../src/ops/data/miniature/miniature.ts"
import { effect } from "../../../../effect.ts"
import { temporaryFolder } from "../../folder.ts"
import { runIn } from "../../streams.ts"

/** A folder `own` with an image of its own, and a link `far` to a folder with another. */
const linked = Effect.gen(function* () {
  const root = temporaryFolder()
  for (const folder of ["own", "elsewhere"]) mkdirSync(join(root, folder))
  const pixel = sharp(Uint8Array.of(1, 2, 3), { raw: { width: 1, height: 1, channels: 3 } }).png()
  for (const file of ["own/a.png", "elsewhere/b.png"]) yield* Effect.promise(() => pixel.toFile(join(root, file)))
  writeFileSync(join(root, "own", "labels.csv"), "image,sea\na,1\nb,1\n")
  symlinkSync(join(root, "elsewhere"), join(root, "own", "far"))
  return { root, ...runIn(root) }
})

describe("folders of the system", () => {
  effect("are no patches, and hold no images", () =>
    Effect.gen(function* () {
      const { collect, root } = yield* linked
      const refs = yield* collect(miniature({ patches: 3, to: "v1" }))
      const facts = yield* collect(inspect({ from: "v1" }))
      for (const name of ["__MACOSX", "@eaDir", "$RECYCLE.BIN", "System Volume Information", "lost+found"]) {
        for (const folder of ["v1", "own"]) {
          mkdirSync(join(root, folder, name, "deeper"), { recursive: true })
          writeFileSync(join(root, folder, name, "deeper", "a.png"), "no picture")
        }
      }
      expect(yield* collect(archive({ path: "v1" }))).toEqual(refs)
      expect(yield* collect(inspect({ from: "v1" }))).toEqual(facts)
      expect(yield* collect(archive({ path: "own" }))).toHaveLength(2)
    })
  )
})

describe("links", () => {
  effect("to folders are followed, by archives and by `inspect`", () =>
    Effect.gen(function* () {
      const { collect, root } = yield* linked
      expect((yield* collect(archive({ path: "own" }))).map(({ name }) => name)).toEqual(["a", "b"])
      const inspected = yield* collect(inspect({ from: "own" }))
      expect(new Set(inspected.map(({ patch }) => patch))).toEqual(new Set(["a", "b"]))
      const refs = yield* collect(miniature({ patches: 3, to: "v1" }))
      renameSync(join(root, "v1", refs[0].name), join(root, "moved"))
      symlinkSync(join(root, "moved"), join(root, "v1", refs[0].name))
      expect(yield* collect(archive({ path: "v1" }))).toHaveLength(3)
    })
  )

  effect("to nothing are refused by name", () =>
    Effect.gen(function* () {
      const { collect, root } = yield* linked
      symlinkSync("nowhere", join(root, "own", "lost"))
      const message = `${join(root, "own", "lost")}: is a link that leads nowhere (nowhere). Repair the link, or move it out of the folder.`
      expect((yield* Effect.flip(collect(archive({ path: "own" })))).message).toBe(message)
      expect((yield* Effect.flip(collect(inspect({ from: "own" })))).message).toBe(message)
    })
  )

  effect("to themselves are refused by name", () =>
    Effect.gen(function* () {
      const { collect, root } = yield* linked
      symlinkSync("self", join(root, "own", "self"))
      expect((yield* Effect.flip(collect(archive({ path: "own" })))).message).toContain(
        `${join(root, "own", "self")}: is a link that cannot be followed (ELOOP`
      )
    })
  )

  effect("in circles are refused by name", () =>
    Effect.gen(function* () {
      for (const [at, to] of [
        ["own/again", "own"],
        ["own/above", "."],
        ["elsewhere/back", "own"]
      ]) {
        const { collect, root } = yield* linked
        symlinkSync(join(root, to), join(root, at))
        const wanted = `${join(root, at.replace("elsewhere", "own/far"))}: is a link back to `
        expect((yield* Effect.flip(collect(archive({ path: "own" })))).message).toContain(wanted)
        expect((yield* Effect.flip(collect(inspect({ from: "own" })))).message).toContain(wanted)
      }
    })
  )
})
