/**
 * Packages that most experiments need, looked for before a network is made or a run begins: training for hours must not fail
 * at its report.
 */
import { installCommand, type OptionalPackage } from "../../pipeline/packages.ts"
import { RunError } from "../run-error.ts"
import { entryOf } from "./versions.ts"

/** Tensors, stores and pictures. Others, as those for Parquet files, are asked for where they are needed. */
const NEEDED: ReadonlyArray<OptionalPackage> = ["@tensorflow/tfjs", "@tensorflow/tfjs-backend-wasm", "lmdb", "sharp"]

/**
 * Checks that the packages for running experiments are installed.
 *
 * @param installed whether a package can be found
 * @throws RunError with the one command that installs those that are missing
 */
export const checkPackages = (
  installed: (name: OptionalPackage) => boolean = (name) => entryOf(name) !== undefined
): void => {
  const missing = NEEDED.filter((name) => !installed(name))
  if (missing.length === 0) return
  throw new RunError({
    subject: "orbitrank",
    problem: `running experiments needs packages that are not installed: ${missing.join(", ")}`,
    remedy: `Run \`${installCommand(...missing)}\``
  })
}
