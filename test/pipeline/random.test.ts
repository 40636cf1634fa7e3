import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { random } from "../../src/pipeline/random.ts"

const draws = (seed: number, epoch: number, item: number | string, purpose: string, n = 4) => {
  const generator = random(seed, epoch, item, purpose)
  return Array.from({ length: n }, () => generator.next())
}

describe("keyed randomness", () => {
  const key = fc.tuple(fc.nat(), fc.nat(1000), fc.oneof(fc.nat(), fc.string()), fc.string())

  it("depends on the key alone", () => {
    fc.assert(
      fc.property(key, (k) => {
        expect(draws(...k)).toEqual(draws(...k))
      })
    )
  })

  it("differs wherever a part of the key differs", () => {
    fc.assert(
      fc.property(key, key, (a, b) => {
        fc.pre(JSON.stringify(a) !== JSON.stringify(b))
        expect(draws(...a)).not.toEqual(draws(...b))
      })
    )
    expect(draws(1, 0, 1, "x")).not.toEqual(draws(1, 0, "1", "x"))
    expect(draws(2 ** 32, 0, 1, "x")).not.toEqual(draws(0, 0, 1, "x"))
  })

  it("is uniform, also over neighbouring items", () => {
    const counts = new Array<number>(16).fill(0)
    const n = 64_000
    for (let item = 0; item < n; item++) counts[Math.floor(random(24, 3, item, "flip").next() * 16)]++
    const chi2 = counts.reduce((sum, count) => sum + (count - n / 16) ** 2 / (n / 16), 0)
    // 99.99 % of true generators stay below 44.3 with 15 degrees of freedom
    expect(chi2).toBeLessThan(44.3)
    let product = 0
    for (let item = 0; item < n; item++)
      product += (draws(1, 0, item, "a", 1)[0] - 0.5) * (draws(1, 0, item + 1, "a", 1)[0] - 0.5)
    expect(Math.abs(product / n)).toBeLessThan(4 / 12 / Math.sqrt(n))
  })

  it("draws normals of mean 0 and variance 1, integers in range, and permutations", () => {
    const generator = random(5, 0, 0, "normal")
    const values = Array.from({ length: 20_000 }, () => generator.normal())
    const mean = values.reduce((a, b) => a + b, 0) / values.length
    expect(Math.abs(mean)).toBeLessThan(0.03)
    expect(Math.abs(values.reduce((sum, v) => sum + (v - mean) ** 2, 0) / values.length - 1)).toBeLessThan(0.04)
    fc.assert(
      fc.property(fc.nat(), fc.integer({ min: 1, max: 200 }), (seed, n) => {
        const g = random(seed, 0, 0, "p")
        expect([...g.permutation(n)].sort((a, b) => a - b)).toEqual(Array.from({ length: n }, (_, i) => i))
        expect(g.int(n)).toBeLessThan(n)
        expect(g.between(2, 3)).toBeGreaterThanOrEqual(2)
      })
    )
  })
})
