/** The bound on the pixels of an image, as a parameter of the operators that read images. */
import { PositiveInt, param } from "../../../pipeline/param.ts"
import { MAX_PIXELS } from "../../formats/max-pixels.ts"

export const maxPixelsParameter = param(
  PositiveInt,
  "Largest number of pixels (rows times columns) of an image; larger ones are refused before memory is taken for them.",
  MAX_PIXELS
)
