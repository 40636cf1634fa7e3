/** Normalisation constants of the data sets that the original uses: mean and standard deviation of each band. */

export interface Moments {
  readonly mean: number
  readonly std: number
}

/** Over BigEarthNet v1, in units of reflectance times 10,000: the constants of the original. */
export const BIGEARTHNET_MOMENTS: Readonly<Record<string, Moments>> = {
  B01: { mean: 340.76769064, std: 554.81258967 },
  B02: { mean: 429.9430203, std: 572.41639287 },
  B03: { mean: 614.21682446, std: 582.87945694 },
  B04: { mean: 590.23569706, std: 675.88746967 },
  B05: { mean: 950.68368468, std: 729.89827633 },
  B06: { mean: 1792.46290469, std: 1096.01480586 },
  B07: { mean: 2075.46795189, std: 1273.45393088 },
  B08: { mean: 2218.94553375, std: 1365.45589904 },
  B8A: { mean: 2266.46036911, std: 1356.13789355 },
  B09: { mean: 2246.0605464, std: 1302.3292881 },
  B11: { mean: 1594.42694882, std: 1079.19066363 },
  B12: { mean: 1009.32729131, std: 818.86747235 }
}

/**
 * Over BigEarthNet v2's training split, coarse bands repeated to 120 pixels (`120_nearest`): the constants of ConfigILM
 * (github.com/lhackel-tub/ConfigILM, `configilm/extra/BENv2_utils.py`). Sentinel-1 in decibels.
 */
export const BIGEARTHNET_V2_MOMENTS: Readonly<Record<string, Moments>> = {
  B01: { mean: 361.08, std: 575.07 },
  B02: { mean: 438.37, std: 607.03 },
  B03: { mean: 614.06, std: 603.3 },
  B04: { mean: 588.41, std: 684.57 },
  B05: { mean: 942.84, std: 738.43 },
  B06: { mean: 1769.93, std: 1100.46 },
  B07: { mean: 2049.55, std: 1275.81 },
  B08: { mean: 2193.29, std: 1369.37 },
  B8A: { mean: 2235.56, std: 1356.54 },
  B09: { mean: 2241.46, std: 1316.39 },
  B11: { mean: 1568.23, std: 1070.16 },
  B12: { mean: 997.73, std: 813.53 },
  VV: { mean: -12.64, std: 5.13 },
  VH: { mean: -19.35, std: 5.59 }
}

/** Over ImageNet, on values from 0 to 1: the constants of the original for images of three colours. */
export const IMAGENET_MOMENTS: Readonly<Record<string, Moments>> = {
  Red: { mean: 0.485, std: 0.229 },
  Green: { mean: 0.456, std: 0.224 },
  Blue: { mean: 0.406, std: 0.225 }
}

/** As the original applies them: its images are blue first, but its constants red first. */
export const IMAGENET_SWAPPED: Readonly<Record<string, Moments>> = {
  Red: IMAGENET_MOMENTS.Blue,
  Green: IMAGENET_MOMENTS.Green,
  Blue: IMAGENET_MOMENTS.Red
}
