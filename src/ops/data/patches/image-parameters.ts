/** Parameters that the operators that read images share: how pixels without data are treated, and how large an image may be. */
import { Schema } from "effect"
import { choice, optional, type Plain, PositiveInt, param } from "../../../pipeline/param.ts"
import { MAX_VALUES } from "../../formats/bounds.ts"
import type { Fill, NodataValue } from "./reading/nodata.ts"

const Value: Plain<NodataValue> = Schema.Union([Schema.Finite, choice("nan")])

export const nodataParameter = optional(
  Value,
  "The value of pixels without data, or `nan`, for images whose files do not declare one (as TIFF files do in GDAL's tag)."
)

export const fillParameter = param<Fill>(
  Schema.Union([choice("mean"), Schema.Finite]),
  "What replaces pixels without data: a number, or the `mean` of the other pixels of that band in the same patch.",
  "mean"
)

export const maxValuesParameter = param(
  PositiveInt,
  "Largest number of values (rows x columns x bands) of one image, after coarser bands are resampled.",
  MAX_VALUES
)
