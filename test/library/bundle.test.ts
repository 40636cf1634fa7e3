/** The parts of the library that need no Node are bundled for a browser. */
import { readFileSync } from "node:fs"
import { join, resolve } from "node:path"
import { build, type Plugin } from "esbuild"
import { describe, expect, it } from "vitest"
import { annotated } from "../../.ci/pure.mjs"

const src = resolve(import.meta.dirname, "../../src")

/** The build annotates calls without effects; here the sources are bundled with the same annotations. */
const asPublished: Plugin = {
  name: "as published",
  setup: ({ onLoad }) =>
    onLoad({ filter: /[\\/]src[\\/].*\.ts$/ }, ({ path }) => ({
      contents: annotated(readFileSync(path, "utf8")),
      loader: "ts"
    }))
}

const bundled = async (...entries: ReadonlyArray<string>) => {
  const contents = entries
    .map((name) => `export * as ${name} from ${JSON.stringify(join(src, `${name}.ts`))}`)
    .join("\n")
  const { outputFiles, metafile } = await build({
    stdin: { contents, resolveDir: src },
    bundle: true,
    minify: true,
    write: false,
    metafile: true,
    format: "esm",
    platform: "browser",
    plugins: [asPublished]
  })
  return { bytes: outputFiles[0].contents.length, code: outputFiles[0].text, inputs: Object.keys(metafile.inputs) }
}

describe("in a browser", () => {
  it.each(["metrics", "losses", "search", "rerank", "indexes"])(
    "%s needs nothing of Node, and no tensor engine",
    async (name) => {
      const { code, inputs } = await bundled(name)
      // Effect asks for modules of Node only where `process` offers them.
      expect(code.replaceAll('getBuiltinModule?.("node:', "")).not.toMatch(/["']node:/)
      expect(inputs.filter((file) => file.includes("@tensorflow") || file.includes("ops/tensor"))).toEqual([])
    }
  )

  it("metrics and losses are at most 46 kB together, minified", async () => {
    const { bytes } = await bundled("metrics", "losses")
    expect(bytes).toBeLessThanOrEqual(46_000)
  })
})
