import { operator } from "../../pipeline/operator.ts"
import { PositiveInt, param } from "../../pipeline/param.ts"
import { PatchRef, RawPatch } from "../elements.ts"
import { decodePatch } from "./archives.ts"
import { mapGood, onBadPatch } from "./bad-patches.ts"
import { dataFault } from "./files.ts"

/** Reads the bands of each patch, several patches at a time, in order. */
export const decode = operator({
  name: "decode",
  about: "Reads every band of each patch at its native size and checks size and dtype.",
  from: PatchRef,
  to: RawPatch,
  params: {
    concurrency: param(PositiveInt, "Patches read at a time.", 4),
    on_bad_patch: onBadPatch
  },
  run:
    ({ concurrency, on_bad_patch }) =>
    (references) =>
      references.pipe(
        mapGood(
          "decode",
          on_bad_patch,
          concurrency,
          ({ name }) => name,
          (reference) => dataFault(() => decodePatch(reference))
        )
      )
})
