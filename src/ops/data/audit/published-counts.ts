/** What is known of the data sets: counts taken from their published label files, to set an archive beside. */
import type { Split } from "../../elements.ts"
import type { ArchiveName } from "../archives/recognise.ts"
import { CLASSES_19 } from "../archives/shared/corine-labels.ts"
import { nomenclatureOf } from "../archives/shared/nomenclatures.ts"

type Counts = Readonly<Record<string, number>>

export interface Published {
  /** Where the counts are from. */
  readonly source: string
  readonly patches: number
  readonly distinctSets?: number
  readonly splits?: Readonly<Partial<Record<Split, number>>>
  readonly countries?: Counts
  readonly classes?: Counts
  readonly labelsPerPatch?: Counts
}

const byClass = (classes: ReadonlyArray<string>, counts: ReadonlyArray<number>): Counts =>
  Object.fromEntries(classes.map((name, i) => [name, counts[i]]))

export const PUBLISHED: Readonly<Partial<Record<ArchiveName, Published>>> = {
  bigearthnet: {
    source: "BigEarthNet v1 and its official lists",
    patches: 590_326,
    splits: { train: 269_695, val: 123_723, test: 125_866 }
  },
  "bigearthnet-v2": {
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
      CLASSES_19,
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
  ucm: {
    source: "the labels of Chaudhuri et al. (2018)",
    patches: 2_100,
    distinctSets: 202,
    classes: byClass(
      nomenclatureOf("UCM").classes,
      [100, 718, 691, 886, 115, 105, 100, 103, 975, 102, 1_300, 294, 100, 102, 100, 1_009, 203]
    ),
    labelsPerPatch: { "1": 224, "2": 426, "3": 512, "4": 442, "5": 365, "6": 119, "7": 12 }
  },
  aid: {
    source: "the labels of Hua et al. (2019)",
    patches: 3_000,
    distinctSets: 297,
    splits: { train: 2_400, test: 600 },
    classes: byClass(
      nomenclatureOf("AID").classes,
      [99, 1_475, 2_161, 2_026, 112, 344, 271, 214, 2_295, 2, 2_328, 259, 221, 284, 108, 2_406, 852]
    )
  },
  whdld: { source: "Shao et al. (2018)", patches: 4_940 },
  dlrsd: { source: "Shao, Yang and Zhou (2018)", patches: 2_100 },
  dfc15: {
    source: "the labels of Hua et al. (2019)",
    patches: 3_342,
    distinctSets: 65,
    splits: { train: 2_673, test: 669 },
    classes: byClass(nomenclatureOf("DFC15").classes, [3_133, 998, 1_891, 1_086, 1_001, 258, 270, 705]),
    labelsPerPatch: { "2": 1_680, "3": 886, "4": 570, "5": 192, "6": 14 }
  },
  mlrsnet: {
    source: "MLRSNet's label files of 2020-06-30",
    patches: 109_161,
    labelsPerPatch: {
      "0": 10,
      "1": 3_207,
      "2": 13_697,
      "3": 16_977,
      "4": 13_222,
      "5": 16_461,
      "6": 16_009,
      "7": 12_467,
      "8": 8_690,
      "9": 6_373,
      "10": 1_612,
      "11": 388,
      "12": 46,
      "13": 2
    }
  },
  eurosat: { source: "Helber et al. (2019)", patches: 27_000 }
}
