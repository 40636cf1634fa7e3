/** Every operator that YAML files may name. A new one is one line here. */
import { archive } from "../ops/data/archives/archive.ts"
import { decode } from "../ops/data/archives/decode.ts"
import { audit } from "../ops/data/audit/audit.ts"
import { inspect } from "../ops/data/inspect/inspect.ts"
import { miniature } from "../ops/data/miniature/miniature.ts"
import { augment } from "../ops/data/patches/augment.ts"
import { batch } from "../ops/data/patches/batch.ts"
import { crop } from "../ops/data/patches/crop.ts"
import { images } from "../ops/data/patches/images.ts"
import { normalise } from "../ops/data/patches/normalise.ts"
import { read } from "../ops/data/patches/read.ts"
import { resize } from "../ops/data/patches/resize.ts"
import { statistics } from "../ops/data/patches/statistics.ts"
import { split } from "../ops/data/splits/split.ts"
import { exportStore } from "../ops/data/stores/export.ts"
import { store } from "../ops/data/stores/store.ts"
import { verify } from "../ops/data/stores/verify.ts"
import { measure } from "../ops/measure/measure.ts"
import { publish } from "../ops/model/publish.ts"
import { embed } from "../ops/retrieve/embeddings/embed.ts"
import { embeddings } from "../ops/retrieve/embeddings/embeddings.ts"
import { save } from "../ops/retrieve/embeddings/save.ts"
import { groundTruth } from "../ops/retrieve/ground-truth/ground-truth.ts"
import { relabel } from "../ops/retrieve/ground-truth/relabel.ts"
import { compress } from "../ops/retrieve/pca/compress.ts"
import { fitPca } from "../ops/retrieve/pca/fit-pca.ts"
import { rank } from "../ops/retrieve/rank/rank.ts"
import { aqe } from "../ops/retrieve/rerank/aqe.ts"
import { dba } from "../ops/retrieve/rerank/dba.ts"
import { ja } from "../ops/retrieve/rerank/ja.ts"
import { kReciprocal } from "../ops/retrieve/rerank/k-reciprocal.ts"
import { qe } from "../ops/retrieve/rerank/qe.ts"
import { search } from "../ops/retrieve/search/search.ts"
import { auditReport } from "../ops/show/audit/audit-report.ts"
import { compare } from "../ops/show/compare/compare.ts"
import { preview } from "../ops/show/pictures/preview.ts"
import { print } from "../ops/show/print.ts"
import { report } from "../ops/show/report/report.ts"
import { strips } from "../ops/show/strips/strips.ts"
import { best } from "../ops/train/best.ts"
import { checkpoint } from "../ops/train/checkpoint.ts"
import { curve } from "../ops/train/curve.ts"
import { optimise } from "../ops/train/optimise.ts"
import { tensorboard } from "../ops/train/tensorboard.ts"
import { validate } from "../ops/train/validate.ts"

export const operators = [
  // archives and stores
  audit,
  auditReport,
  miniature,
  archive,
  split,
  decode,
  store,
  inspect,
  verify,
  exportStore,
  // reading
  read,
  images,
  augment,
  preview,
  resize,
  crop,
  statistics,
  normalise,
  batch,
  // training
  optimise,
  checkpoint,
  publish,
  validate,
  best,
  curve,
  tensorboard,
  // retrieval
  embed,
  embeddings,
  save,
  fitPca,
  compress,
  rank,
  relabel,
  qe,
  aqe,
  dba,
  ja,
  kReciprocal,
  search,
  groundTruth,
  strips,
  measure,
  print,
  report,
  compare
] as const
