/**
 * Iterative quantisation (Gong and Lazebnik, CVPR 2011): the rotation of centred vectors whose signs lose the least. Does not
 * use Effect.
 */
import { Matrix, SingularValueDecomposition } from "ml-matrix"
import { random } from "../../../pipeline/random.ts"

/** Iterations of the paper. */
export const ITQ_ITERATIONS = 50

/** Vectors that a rotation is fitted on, at most. */
export const ITQ_POINTS = 10_000

/** A random rotation: orthonormal rows, from the singular vectors of a normal matrix. */
const randomRotation = (dim: number, seed: number): Matrix => {
  const { normal } = random(seed, 0, 0, "itq")
  const drawn = Matrix.from1DArray(dim, dim, Array.from({ length: dim * dim }, normal))
  const { leftSingularVectors, rightSingularVectors } = new SingularValueDecomposition(drawn)
  return leftSingularVectors.mmul(rightSingularVectors.transpose())
}

/**
 * The rotation R that makes |sign(V R) - V R| small. In turn, codes B = sign(V R) are fixed and the rotation is the one that
 * maps V to B best (orthogonal Procrustes: R = S T' for V' B = S D T', section 2.2 of the paper).
 *
 * @param vectors float64 [n, dim], centred; usually their coordinates on principal components, not whitened
 * @param iterations 50 in the paper
 * @returns float64 [dim, dim]; a row vector v becomes v R
 */
export const itqRotation = (vectors: Float64Array, dim: number, iterations: number, seed: number): Float64Array => {
  const points = Matrix.from1DArray(vectors.length / dim, dim, vectors)
  const transposed = points.transpose()
  let rotation = randomRotation(dim, seed)
  for (let iteration = 0; iteration < iterations; iteration++) {
    const codes = points.mmul(rotation)
    codes.apply((row, column) => codes.set(row, column, codes.get(row, column) >= 0 ? 1 : -1))
    const { leftSingularVectors, rightSingularVectors } = new SingularValueDecomposition(transposed.mmul(codes))
    rotation = leftSingularVectors.mmul(rightSingularVectors.transpose())
  }
  return Float64Array.from(rotation.to1DArray())
}

/**
 * Rows times a rotation, float32 [n, dim].
 *
 * @example
 * rotated(Float32Array.of(1, 2), Float64Array.of(0, 1, -1, 0), 2) // => Float32Array.of(-2, 1)
 */
export const rotated = (vectors: Float32Array, rotation: Float64Array, dim: number): Float32Array => {
  const out = new Float32Array(vectors.length)
  const sums = new Float64Array(dim)
  for (let at = 0; at < vectors.length; at += dim) {
    sums.fill(0)
    for (let i = 0; i < dim; i++) {
      const value = vectors[at + i]
      for (let k = 0; k < dim; k++) sums[k] += value * rotation[i * dim + k]
    }
    out.set(sums, at)
  }
  return out
}
