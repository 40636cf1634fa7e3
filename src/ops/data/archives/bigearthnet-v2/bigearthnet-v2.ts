import { CORINE_19 } from "../bigearthnet/corine-labels.ts"
import { byClass, dataSet } from "../data-set.ts"
import { holdsAny } from "../shared/glance.ts"

/**
 * BigEarthNet version 2 (reBEN).
 *
 * - 480,038 pairs of Sentinel-2 level 2A and Sentinel-1 patches over ten European countries, sizes and dtypes as in version
 *   1; a reference map of CORINE codes per patch, uint16, 120 x 120.
 * - On disk: `metadata.parquet`, `BigEarthNet-S2/TILE/NAME/NAME_B01.tif` and so on, `BigEarthNet-S1/SCENE/NAME/NAME_VV.tif`,
 *   `Reference_Maps/TILE/NAME/NAME_reference_map.tif`.
 * - Classes: BigEarthNet's 19.
 * - Splits: the column `split` of `metadata.parquet`, by geography.
 *
 * Clasen et al., "reBEN: Refined BigEarthNet Dataset for Remote Sensing Image Analysis" (2024). The published counts are
 * those of its `metadata.parquet`.
 */
export const bigearthnetV2 = dataSet({
  name: "bigearthnet-v2",
  about:
    "BigEarthNet v2 (reBEN): `metadata.parquet`, `BigEarthNet-S2/`; `BigEarthNet-S1/` and `Reference_Maps/` if asked.",
  classes: [CORINE_19],
  published: {
    source: "metadata.parquet of BigEarthNet v2",
    patches: 480_038,
    distinctSets: 5_350,
    splits: { train: 237_871, val: 122_342, test: 119_825 },
    countries: {
      Finland: 155_227,
      Portugal: 89_792,
      Serbia: 73_385,
      Lithuania: 48_365,
      Ireland: 48_326,
      Austria: 43_797,
      Belgium: 11_196,
      Switzerland: 4_874,
      Luxembourg: 3_460,
      Kosovo: 1_616
    },
    classes: byClass(
      CORINE_19,
      [
        63_758, 11_142, 188_025, 29_588, 95_605, 99_598, 122_709, 33_181, 135_928, 154_941, 165_780, 11_882, 13_894,
        141_150, 1_316, 20_919, 1_397, 63_212, 61_832
      ]
    ),
    labelsPerPatch: {
      "1": 86_375,
      "2": 94_649,
      "3": 135_885,
      "4": 102_036,
      "5": 45_329,
      "6": 12_963,
      "7": 2_478,
      "8": 302,
      "9": 15,
      "10": 1,
      "11": 5
    }
  },
  masks: undefined,
  options: ["labels", "s1", "maps"],
  recognises: (folder) => holdsAny(folder, "metadata.parquet", "BigEarthNet-S2"),
  reader: () => import("./reader.ts"),
  miniature: () => import("./miniature.ts"),
  variants: {}
})
