import { dataSet } from "../data-set.ts"
import { EUROSAT, holdsClasses } from "./names.ts"

/**
 * EuroSAT.
 *
 * - 27,000 patches of Sentinel-2, 64 x 64 pixels of 10 m: jpgs of three colours as uint8, or tifs of 13 bands as uint16.
 * - On disk: a folder per class, however deep.
 * - Classes: 10, from `AnnualCrop` to `SeaLake`; each patch has exactly one, the name of its folder.
 * - Splits: the lists `eurosat-train.txt`, `eurosat-val.txt` and `eurosat-test.txt` of torchgeo's copy, if they are there.
 *
 * Helber et al., "EuroSAT: A Novel Dataset and Deep Learning Benchmark for Land Use and Land Cover Classification" (IEEE
 * JSTARS 2019).
 */
export const eurosat = dataSet({
  name: "eurosat",
  about: "EuroSAT: one folder per class, of jpgs or of tifs with 13 bands; `eurosat-train.txt` and its like.",
  classes: [EUROSAT],
  published: { source: "Helber et al. (2019)", patches: 27_000 },
  masks: undefined,
  options: [],
  recognises: (folder) => holdsClasses(folder),
  reader: () => import("./reader.ts"),
  miniature: () => import("./miniature.ts"),
  variants: { ms: async () => (await import("./miniature.ts")).multispectral }
})
