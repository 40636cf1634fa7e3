import { Stream } from "effect"
import { operator } from "../../../pipeline/operator.ts"
import { Compat, PositiveInt, param } from "../../../pipeline/param.ts"
import { Patch } from "../../elements.ts"
import { shapedByArea } from "./pixels/area.ts"

/** The only size that the original uses. */
const ORIGINAL = 256

const edgeOf = (size: number, compat: "none" | "original"): number => (compat === "original" ? ORIGINAL : size)

/** Brings images of any size to one: each pixel is the exact mean of the area that it covers. */
export const resize = operator({
  name: "resize",
  about: "Brings images to one size, each pixel the mean of the area that it covers.",
  from: Patch,
  to: Patch,
  params: {
    size: param(PositiveInt, "Rows and columns of the result."),
    compat: param(Compat, "`original`: 256 rows and columns; `size` is ignored.", "none")
  },
  declares: { gives: ({ size, compat }) => ({ size: edgeOf(size, compat) }) },
  each: true,
  run: ({ size, compat }) => {
    const edge = edgeOf(size, compat)
    return (patches) =>
      Stream.map(patches, (patch): Patch => {
        const { height, image, nodata, width } = shapedByArea(patch, edge, edge)
        return { ...patch, image, height, width, nodata }
      })
  }
})
