/**
 * Parameters that make a miniature easy or hard. An archive records them, and is reused only if they are unchanged.
 */
export const KNOBS = {
  /** Distinct label sets; every patch has one of them. */
  labelSets: 30,
  /** How often a set has 1, 2, 3, 4 classes. */
  setSizes: [0.15, 0.35, 0.3, 0.2],
  /** Edge of a mosaic cell in pixels of 10 m, per patch: least and greatest. */
  cell: [10, 25],
  /** Standard deviations of the logarithm of a class's reflectance: per group of bands, and per band. */
  signature: { group: 0.35, band: 0.2 },
  /**
   * Texture of a class: wavelength in pixels of 10 m, contrast as a share of reflectance, and how much of it shows at
   * least in every group of bands, bright or dark.
   */
  texture: { wavelength: [3, 14], contrast: [0.5, 0.85], ripple: 0.5 },
  /** Standard deviation of the logarithm of a patch's illumination. */
  illumination: 0.5,
  /** Greatest haze, in units of reflectance times 10,000, at the bluest band. */
  haze: 500,
  /** Standard deviation of the logarithm of a band's gain in a patch. */
  bandGain: 0.1,
  /** Standard deviation of the season: its effect on the logarithm of reflectance at the bands it moves most. */
  season: 0.25,
  /** Standard deviation of a pixel's noise: share of its value, and floor. */
  noise: { share: 0.1, floor: 20 },
  /** A class's weight in a patch, relative to the others: least and greatest. */
  proportion: [0.3, 1.7]
} as const
