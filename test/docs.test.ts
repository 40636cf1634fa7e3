import { readFileSync } from "node:fs"
import { join } from "node:path"
import { expect, it } from "vitest"
import { operators } from "../src/experiments/operators.ts"
import { catalogue, catalogueMarkdown } from "../src/pipeline/catalogue.ts"

it("docs/operators.md is what `npm run docs` writes", () => {
  const written = readFileSync(join(import.meta.dirname, "../docs/operators.md"), "utf8")
  expect(written).toBe(catalogueMarkdown(catalogue(operators)))
})
