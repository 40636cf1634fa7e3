/** Memory that tasks borrow: never two at a time, and no more than tasks at a time. */
import { Effect } from "effect"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { lent } from "../../../src/ops/workers/lent.ts"
import { runs } from "../../runs.ts"

describe("lent memory", () => {
  it("belongs to one task at a time, whether tasks succeed or fail, and is used again", async () => {
    const tasks = fc.array(fc.record({ wait: fc.nat(2), fails: fc.boolean() }), { minLength: 1, maxLength: 20 })
    await fc.assert(
      fc.asyncProperty(tasks, fc.integer({ min: 1, max: 4 }), async (all, concurrency) => {
        let made = 0
        const inUse = new Set<number>()
        const borrowed = lent(() => made++)
        const run = ({ fails, wait }: { readonly wait: number; readonly fails: boolean }) =>
          borrowed(
            Effect.fnUntraced(function* (room) {
              expect(inUse.has(room)).toBe(false)
              inUse.add(room)
              for (let i = 0; i < wait; i++) yield* Effect.yieldNow
              inUse.delete(room)
              if (fails) return yield* Effect.fail("failed")
              return room
            })
          )
        await Effect.runPromise(Effect.forEach(all, (task) => Effect.exit(run(task)), { concurrency }))
        expect(made).toBeLessThanOrEqual(concurrency)
      }),
      runs(50)
    )
  })
})
