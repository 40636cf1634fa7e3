import { defineConfig } from "vitest/config"

const report = process.env.TEST_REPORT

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    pool: "forks",
    // All processors: by default one is kept free.
    maxWorkers: "100%",
    // Long enough for a machine that is busy with other work.
    testTimeout: 300_000,
    hookTimeout: 300_000,
    // CI reads the runner's own counts from a file.
    reporters: report === undefined ? ["default"] : ["default", ["json", { outputFile: report }]]
  }
})
