/** Logistic functions, without overflow. Threads use them, so this file does not import Effect. */

/** ln(1 + e^x). */
export const softplus = (x: number): number => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)))

/** 1 / (1 + e^-x). */
export const sigmoid = (x: number): number => (x >= 0 ? 1 / (1 + Math.exp(-x)) : Math.exp(x) / (1 + Math.exp(x)))

/** ln(1 + sum of e^x), and each exponential's share of 1 + the sum, which is the derivative. */
export const logOnePlusSum = (
  exponents: ReadonlyArray<number>
): { readonly value: number; readonly shares: ReadonlyArray<number> } => {
  const most = exponents.reduce((a, b) => Math.max(a, b), 0)
  const sum = exponents.reduce((total, x) => total + Math.exp(x - most), Math.exp(-most))
  return { value: most + Math.log(sum), shares: exponents.map((x) => Math.exp(x - most) / sum) }
}
