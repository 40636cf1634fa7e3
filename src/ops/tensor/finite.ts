/** Whether all values are finite numbers. A sum without a branch: times 0, NaN and infinities are NaN, all else is 0. */
export const allFinite = (values: ArrayLike<number>): boolean => {
  let sum = 0
  for (let i = 0; i < values.length; i++) sum += values[i] * 0
  return sum === 0
}
