/** How an archive is to be read, as a parameter of operators that read one. */
import { Schema } from "effect"
import { choice, listOf, Name, NonNegativeInt, type Plain } from "../../../pipeline/param.ts"
import type { ArchiveChoice } from "./recognise.ts"

export const ArchiveSchema: Plain<Omit<ArchiveChoice, "kind">> = Schema.Struct({
  labels: Schema.optionalKey(Name),
  s1: Schema.optionalKey(Name),
  maps: Schema.optionalKey(Name),
  mask_threshold: Schema.optionalKey(NonNegativeInt),
  bands: Schema.optionalKey(listOf(Name)),
  layout: Schema.optionalKey(choice("hwc", "chw"))
})
