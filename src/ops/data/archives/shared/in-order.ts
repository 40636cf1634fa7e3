/**
 * Applies `use` to all items, a few at a time; results stand in the order of the items. The first fault ends it.
 */
export const inOrder = async <A, B>(
  items: ReadonlyArray<A>,
  atOnce: number,
  use: (item: A) => Promise<B>
): Promise<Array<B>> => {
  const results = new Array<B>(items.length)
  let next = 0
  const work = async (): Promise<void> => {
    while (next < items.length) {
      const i = next++
      results[i] = await use(items[i])
    }
  }
  await Promise.all(Array.from({ length: Math.min(atOnce, items.length) }, work))
  return results
}
