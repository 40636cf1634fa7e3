import { join } from "node:path"
import { dataSet } from "../data-set.ts"
import { firstNames, holds } from "../shared/glance.ts"
import { CORINE_19, CORINE_43 } from "./corine-labels.ts"

/**
 * BigEarthNet version 1.
 *
 * - 590,326 patches of Sentinel-2 level 2A over ten European countries, June 2017 to May 2018, 1.2 km x 1.2 km; 12 bands
 *   as uint16: 120 x 120 pixels at 10 m, 60 x 60 at 20 m, 20 x 20 at 60 m. BigEarthNet-MM adds a Sentinel-1 patch to each:
 *   VV and VH in decibels, float32, 120 x 120.
 * - On disk: one folder per patch with `NAME_B01.tif` to `NAME_B12.tif` and `NAME_labels_metadata.json`; Sentinel-1 patches
 *   likewise, in a folder of their own (`s1`).
 * - Classes: the 43 of CORINE Land Cover level 3, used as the 19 groups of BigEarthNet-MM by default.
 * - Splits: the official lists of BigEarthNet-MM, put into `Splits/`. The archive itself has none.
 *
 * Sumbul et al., "BigEarthNet: A Large-Scale Benchmark Archive for Remote Sensing Image Understanding" (IGARSS 2019);
 * Sumbul et al., "BigEarthNet-MM" (IEEE GRSM 2021).
 */
export const bigearthnet = dataSet({
  name: "bigearthnet",
  about: "BigEarthNet v1: one folder per patch, with 12 tifs and `NAME_labels_metadata.json`; Sentinel-1 likewise.",
  classes: [CORINE_19, CORINE_43],
  published: {
    source: "BigEarthNet v1 and its official lists",
    patches: 590_326,
    splits: { train: 269_695, val: 123_723, test: 125_866 }
  },
  masks: undefined,
  options: ["s1"],
  // The folders of Sentinel-1 and of lists may lie beside the patches, so several names are tried.
  recognises: (folder) =>
    firstNames(folder, "folder")
      .slice(0, 3)
      .some((name) => holds(join(folder, name), `${name}_labels_metadata.json`)),
  reader: () => import("./reader.ts"),
  miniature: () => import("./miniature.ts"),
  variants: {}
})
