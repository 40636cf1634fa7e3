/** Tests of what is mutated, with fewer drawn cases: each mutant runs them anew. */
import { defineConfig } from "vitest/config"

export default defineConfig({
  test: {
    include: [
      "test/ops/measure/**/*.test.ts",
      "test/ops/retrieve/*.test.ts",
      "test/ops/retrieve/{rank,search}/*.test.ts",
      "test/ops/retrieve/ground-truth/ground-truth.test.ts"
    ],
    // Engines are not what is mutated, and take most of the time.
    testNamePattern: /^(?!the product on)/,
    setupFiles: ["test/fewer-draws.ts"],
    pool: "threads",
    isolate: false,
    testTimeout: 30_000
  }
})
