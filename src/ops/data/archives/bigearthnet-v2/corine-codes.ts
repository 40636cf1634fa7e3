/** Codes of CORINE Land Cover level 3, as reference maps have them, under BigEarthNet's 19 classes. */

/** By index under 19 classes (Clasen et al., "reBEN" (2024), table 1). */
export const CORINE_CODES: ReadonlyArray<ReadonlyArray<number>> = [
  [111, 112],
  [121],
  [211, 212, 213],
  [221, 222, 223, 241],
  [231],
  [242],
  [243],
  [244],
  [311],
  [312],
  [313],
  [321, 333],
  [322, 323],
  [324],
  [331],
  [411, 412],
  [421, 422],
  [511, 512],
  [521, 522, 523]
]

const INDEX = new Map(CORINE_CODES.flatMap((codes, index) => codes.map((code) => [code, index] as const)))

/** Index of a code among the 19 classes; `undefined` if it belongs to none of them, so that its pixel has no label. */
export const classOfCorine = (code: number): number | undefined => INDEX.get(code)
