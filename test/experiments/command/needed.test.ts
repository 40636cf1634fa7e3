import { expect, it } from "vitest"
import { checkPackages } from "../../../src/experiments/command/needed.ts"

it("packages for experiments are all here", () => {
  expect(() => checkPackages()).not.toThrow()
})

it("all that are missing are named in one command", () => {
  expect(() => checkPackages((name) => name.startsWith("@"))).toThrow(
    "orbitrank: running experiments needs packages that are not installed: lmdb, sharp. Run `npm install lmdb@3.5.6 sharp@0.35.5`."
  )
})
