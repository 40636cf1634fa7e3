/**
 * A function that computes its value when it is first called.
 *
 * @example
 * const drawn = once(() => [1])
 * drawn() === drawn() // => true
 */
export const once = <A>(compute: () => A): (() => A) => {
  let kept: { readonly value: A } | undefined
  return () => {
    kept ??= { value: compute() }
    return kept.value
  }
}
