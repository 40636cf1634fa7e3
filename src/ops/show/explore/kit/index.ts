/** Where vectors are held and searched: here, in a worker thread, or by a server. */
import { bytesFrom } from "./base64.ts"
import { type Coding, cosines, type Piece, rowOf, type Vectors, valuesOf } from "./vectors.ts"

export interface Index {
  /** Adds the next rows, from the base64 text of their bytes. */
  readonly add: (text: string, rows: number) => Promise<void>
  /** Does what the first search would otherwise wait for: copies new codes to where they are searched, and has code compiled. */
  readonly prepare: () => Promise<void>
  /** Vectors of images, float64 [dim] each. */
  readonly vectors: (images: ReadonlyArray<number>) => Promise<ReadonlyArray<Float64Array>>
  /** Cosines of a query with all rows. */
  readonly cosines: (query: Float64Array) => Promise<Float64Array>
}

/** Shape of the vectors, which the contents of an explorer give. */
export interface Shape {
  readonly count: number
  readonly dim: number
  readonly coding: Coding
}

/** An index in the memory of this thread. */
export const localIndex = (shape: Shape): Index => {
  const pieces: Array<Piece> = []
  const vectors: Vectors = { ...shape, pieces }
  let prepared = 0
  return {
    add: async (text, rows) => void pieces.push({ rows, values: valuesOf(bytesFrom(text), shape.coding) }),
    prepare: async () => {
      for (; prepared < pieces.length; prepared++) {
        const one = { ...shape, count: pieces[prepared].rows, pieces: [pieces[prepared]] }
        if (one.count > 0) cosines(one, rowOf(one, 0))
      }
    },
    vectors: async (images) => images.map((image) => rowOf(vectors, image)),
    cosines: async (query) => cosines(vectors, query)
  }
}
