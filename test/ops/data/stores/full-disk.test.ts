/**
 * Stores and exports on a disk that is full. The disk is a tmpfs of 2 MiB, which only root may mount; without that right the
 * tests are skipped.
 */
import { spawnSync } from "node:child_process"
import { mkdirSync, readdirSync } from "node:fs"
import { join } from "node:path"
import { Effect } from "effect"
import { afterAll, describe, expect } from "vitest"
import { archive } from "../../../../src/ops/data/archives/archive.ts"
import { decode } from "../../../../src/ops/data/archives/decode.ts"
import { miniature } from "../../../../src/ops/data/miniature/miniature.ts"
import { exportStore } from "../../../../src/ops/data/stores/export.ts"
import { store } from "../../../../src/ops/data/stores/store.ts"
import { verify } from "../../../../src/ops/data/stores/verify.ts"
import { effect } from "../../../effect.ts"
import { temporaryFolder } from "../folder.ts"
import { runIn } from "../streams.ts"

const root = temporaryFolder()
const disk = join(root, "disk")
mkdirSync(disk)
const done = (command: string, ...args: ReadonlyArray<string>) => spawnSync(command, args).status === 0
const mounted = process.platform === "linux" && done("mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", disk)
// Runs before the folder is removed: hooks run in the reverse order.
afterAll(() => {
  if (mounted) done("umount", disk)
})
const withDisk = mounted ? describe : describe.skip

withDisk("a full disk (skipped where tmpfs cannot be mounted)", () => {
  const { collect } = runIn(root)
  const PATCHES = 40
  const stored = archive({ path: "mini" }).pipe(decode(), store({ to: join(disk, "patches.lmdb"), transaction: 4 }))

  effect("ends in a message about room, and storing continues once there is some", () =>
    Effect.gen(function* () {
      yield* collect(miniature({ kind: "bigearthnet", patches: PATCHES, to: "mini" }))
      const fault = yield* Effect.flip(collect(stored))
      expect(fault.message).toContain(`${join(disk, "patches.lmdb")}: cannot be written (`)
      expect(fault.message).toContain("Check that the disk has room and that you may write there")
      // What was written before is whole.
      const [before] = yield* collect(verify({ from: join(disk, "patches.lmdb") }))
      expect(before.patches % 4).toBe(0)
      expect(before.patches).toBeGreaterThan(0)
      expect(before.patches).toBeLessThan(PATCHES)
      expect(done("mount", "-o", "remount,size=64m", disk)).toBe(true)
      const [after] = yield* collect(stored)
      expect([after.patches, after.kept]).toEqual([PATCHES, before.patches])
      expect((yield* collect(verify({ from: join(disk, "patches.lmdb") })))[0].patches).toBe(PATCHES)
    })
  )

  effect("ends an export in the disk's own words and leaves nothing half-written", () =>
    Effect.gen(function* () {
      expect(done("umount", disk) && done("mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", disk)).toBe(true)
      yield* collect(archive({ path: "mini" }).pipe(decode(), store({ to: "room.lmdb" })))
      for (const by of ["patch", "shard"] as const) {
        const to = join(disk, by)
        const fault = yield* Effect.flip(collect(exportStore({ from: "room.lmdb", to, by, size: 5 })))
        expect(fault.message).toMatch(/cannot be read or written \(ENOSPC.*that the disk has room/)
        expect(readdirSync(to).filter((name) => name.endsWith(".partial") || name.endsWith(".json"))).toEqual([])
        expect(done("umount", disk) && done("mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", disk)).toBe(true)
      }
    })
  )
})
