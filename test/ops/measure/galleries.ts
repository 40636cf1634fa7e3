/** Drawn rankings to measure. */
import fc from "fast-check"
import type { Gallery, Ranking } from "../../../src/ops/elements.ts"

/** Small galleries with any labels, empty ones too, and any order of the database for each query. */
export const rankings = fc
  .record({
    queries: fc.integer({ min: 1, max: 6 }),
    database: fc.integer({ min: 1, max: 30 }),
    classes: fc.integer({ min: 1, max: 6 })
  })
  .chain(({ classes, database, queries }) => {
    const images = queries + database
    return fc.record({
      labels: fc.uint8Array({ minLength: images * classes, maxLength: images * classes, max: 1 }),
      orders: fc.array(fc.shuffledSubarray([...Array(database).keys()], { minLength: database, maxLength: database }), {
        minLength: queries,
        maxLength: queries
      }),
      classes: fc.constant(classes)
    })
  })
  .map(({ classes, labels, orders }): Ranking => {
    const images = labels.length / classes
    const gallery: Gallery = {
      names: Array.from({ length: images }, (_, i) => `patch-${i}`),
      classes: Array.from({ length: classes }, (_, c) => `class ${c}`),
      labels,
      queries: Int32Array.from(orders, (_, i) => i),
      database: Int32Array.from({ length: images - orders.length }, (_, i) => orders.length + i)
    }
    const order = Int32Array.from(orders.flat())
    return { kind: "ranking", gallery, from: 0, to: orders.length, order, scores: new Float32Array(order.length) }
  })
