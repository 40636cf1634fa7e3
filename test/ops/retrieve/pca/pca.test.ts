import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { axesOf } from "../../../../src/ops/retrieve/pca/axes.ts"
import {
  addMoments,
  addVectors,
  covarianceOf,
  type Moments,
  noMoments,
  project,
  rankOf
} from "../../../../src/ops/retrieve/pca/pca.ts"
import { expectOrthonormal } from "../orthonormal.ts"

interface Cloud {
  readonly dim: number
  readonly rows: ReadonlyArray<ReadonlyArray<number>>
}

/** More points than axes, none on a line with the others, of values that float32 holds. */
const cloud: fc.Arbitrary<Cloud> = fc.integer({ min: 1, max: 6 }).chain((dim) => {
  const value = fc.integer({ min: -512, max: 512 }).map((n) => n / 64)
  return fc
    .array(fc.array(value, { minLength: dim, maxLength: dim }), { minLength: 2 * dim + 2, maxLength: 30 })
    .map((rows) => ({
      dim,
      // A step along each axis keeps all variances above 0.
      rows: [...rows, ...rows[0].map((_, axis) => rows[0].map((__, i) => (i === axis ? 16 + axis : 0)))]
    }))
})

const flat = (rows: ReadonlyArray<ReadonlyArray<number>>): Float32Array => Float32Array.from(rows.flat())

const momentsOf = ({ dim, rows }: Cloud): Moments => {
  const moments = noMoments(dim)
  addVectors(moments, flat(rows))
  return moments
}

const fitted = (given: Cloud) => {
  const moments = momentsOf(given)
  return { mean: moments.mean, ...axesOf(covarianceOf(moments), given.dim) }
}

/** By the definition, in two passes. */
const naiveCovariance = ({ dim, rows }: Cloud): ReadonlyArray<ReadonlyArray<number>> => {
  const mean = Array.from({ length: dim }, (_, i) => rows.reduce((sum, row) => sum + row[i], 0) / rows.length)
  return mean.map((_, i) =>
    mean.map((__, j) => rows.reduce((sum, row) => sum + (row[i] - mean[i]) * (row[j] - mean[j]), 0) / (rows.length - 1))
  )
}

/** Eigenvalues by rotations that clear one entry after another (Jacobi 1846), descending. */
const jacobi = (symmetric: ReadonlyArray<ReadonlyArray<number>>): ReadonlyArray<number> => {
  const A = symmetric.map((row) => [...row])
  for (let sweep = 0; sweep < 60; sweep++) {
    for (let p = 0; p < A.length; p++) {
      for (let q = p + 1; q < A.length; q++) {
        const angle = 0.5 * Math.atan2(2 * A[p][q], A[q][q] - A[p][p])
        const [c, s] = [Math.cos(angle), Math.sin(angle)]
        for (const row of A) [row[p], row[q]] = [c * row[p] - s * row[q], s * row[p] + c * row[q]]
        const [P, Q] = [[...A[p]], [...A[q]]]
        A[p] = P.map((value, i) => c * value - s * Q[i])
        A[q] = P.map((value, i) => s * value + c * Q[i])
      }
    }
  }
  return A.map((row, i) => row[i]).sort((a, b) => b - a)
}

const near = (got: ArrayLike<number>, expected: ArrayLike<number>, tolerance: number) => {
  expect(got.length).toBe(expected.length)
  const scale = Math.max(1, ...Array.from(expected, Math.abs))
  Array.from(got).forEach((value, i) => {
    expect(Math.abs(value - expected[i]) / scale).toBeLessThan(tolerance)
  })
}

describe("moments in one pass", () => {
  it("are those of the definition, however vectors are cut into blocks and merged", () => {
    fc.assert(
      fc.property(cloud, fc.array(fc.nat({ max: 30 }), { maxLength: 4 }), (given, cuts) => {
        const ends = [...new Set([...cuts.filter((n) => n < given.rows.length), given.rows.length])].sort(
          (a, b) => a - b
        )
        const parts = ends.map((end, i) => momentsOf({ ...given, rows: given.rows.slice(ends[i - 1] ?? 0, end) }))
        const merged = noMoments(given.dim)
        for (const part of parts) addMoments(merged, part)
        const streamed = noMoments(given.dim)
        ends.forEach((end, i) => {
          addVectors(streamed, flat(given.rows.slice(ends[i - 1] ?? 0, end)))
        })
        for (const moments of [merged, streamed]) {
          expect(moments.count).toBe(given.rows.length)
          near(covarianceOf(moments), naiveCovariance(given).flat(), 1e-12)
        }
      })
    )
  })

  it("lose no digits to an offset that all vectors share", () => {
    fc.assert(
      fc.property(cloud, (given) => {
        const far = given.rows.map((row) => row.map((value) => value + 65536))
        near(covarianceOf(momentsOf({ ...given, rows: far })), covarianceOf(momentsOf(given)), 1e-9)
      })
    )
  })
})

describe("principal components", () => {
  it("are orthogonal, of length 1, and have the variances of the covariance's eigenvalues", () => {
    fc.assert(
      fc.property(cloud, (given) => {
        const { components, variances } = fitted(given)
        near(variances, jacobi(naiveCovariance(given)), 1e-9)
        expectOrthonormal(components, given.dim, given.dim)
      })
    )
  })

  it("whiten what they were fitted on: mean 0, covariance the identity", () => {
    fc.assert(
      fc.property(cloud, (given) => {
        const whitened = project(fitted(given), flat(given.rows), given.dim, true)
        const moments = noMoments(given.dim)
        addVectors(moments, whitened)
        near(moments.mean, new Float64Array(given.dim), 1e-4)
        const identity = Float64Array.from({ length: given.dim ** 2 }, (_, i) => (i % (given.dim + 1) === 0 ? 1 : 0))
        near(covarianceOf(moments), identity, 1e-3)
      })
    )
  })

  it("give vectors back, from all coordinates", () => {
    fc.assert(
      fc.property(cloud, (given) => {
        const { dim } = given
        const { components, mean, variances } = fitted(given)
        const coordinates = project({ components, mean, variances }, flat(given.rows), dim, false)
        const back = given.rows.map((_, n) =>
          Array.from(mean, (value, i) => {
            let sum = value
            for (let k = 0; k < dim; k++) sum += coordinates[n * dim + k] * components[k * dim + i]
            return sum
          })
        )
        near(back.flat(), given.rows.flat(), 1e-5)
      })
    )
  })

  it("point one way: that of their largest entry, also where the data are mirrored", () => {
    fc.assert(
      fc.property(cloud, (given) => {
        const { components } = fitted(given)
        const mirrored = fitted({ ...given, rows: given.rows.map((row) => row.map((value) => -value)) })
        for (let k = 0; k < given.dim; k++) {
          const axis = Array.from(components.subarray(k * given.dim, (k + 1) * given.dim))
          const largest = Math.max(...axis.map(Math.abs))
          expect(axis.find((value) => Math.abs(value) === largest)).toBeGreaterThan(0)
        }
        expect(mirrored.components).toEqual(components)
      })
    )
  })

  it("of fewer are the first of all", () => {
    fc.assert(
      fc.property(cloud, fc.integer({ min: 1, max: 6 }), (given, k) => {
        fc.pre(k <= given.dim)
        const all = fitted(given)
        const some = project(all, flat(given.rows), k, true)
        const whole = project(all, flat(given.rows), given.dim, true)
        given.rows.forEach((_, n) => {
          expect(some.slice(n * k, (n + 1) * k)).toEqual(whole.slice(n * given.dim, n * given.dim + k))
        })
        expect(axesOf(covarianceOf(momentsOf(given)), k).components).toEqual(all.components.slice(0, k * given.dim))
      })
    )
  })

  it("know how many axes there are", () => {
    const given = {
      dim: 3,
      rows: [
        [0, 0, 0],
        [1, 2, 0],
        [2, 4, 0],
        [5, 10, 1]
      ]
    }
    const { variances } = fitted(given)
    expect(rankOf(variances, 3)).toBe(2)
    expect(rankOf(new Float64Array(3), 3)).toBe(0)
  })
})
