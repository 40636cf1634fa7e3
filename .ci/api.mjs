// `npm run api`: writes what each entry of the built library exports to docs/api-report, so that a change of the public
// surface is seen in review. `--check` compares instead, and fails if a report would change.
import { mkdirSync, readFileSync, rmSync } from "node:fs"
import { createRequire } from "node:module"
import { join, resolve } from "node:path"

const root = resolve(import.meta.dirname, "..")
const reports = join(root, ".ci/api")
const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"))

/** Entries of the library, by the names of their files. */
export const entries = ["index", "metrics", "losses", "rerank", "search", "indexes", "formats"]

/** The tool, which a clone does not install. */
const load = () => {
  try {
    return createRequire(import.meta.url)("@microsoft/api-extractor")
  } catch {
    throw new Error(
      "the package @microsoft/api-extractor is missing: npm install --no-save @microsoft/api-extractor@7.60.1"
    )
  }
}

/**
 * Writes or compares the report of one entry.
 *
 * @returns messages: changes of the report, and faults of the declarations
 */
export const report = (name, dist, write) => {
  const { Extractor, ExtractorConfig } = load()
  const work = join(dist, `.api-${name}`)
  mkdirSync(work, { recursive: true })
  mkdirSync(reports, { recursive: true })
  const messages = []
  const silent = { default: { logLevel: "none" } }
  try {
    const config = ExtractorConfig.prepare({
      configObjectFullPath: join(root, "api-extractor.json"),
      packageJsonFullPath: join(root, "package.json"),
      configObject: {
        projectFolder: root,
        mainEntryPointFilePath: join(dist, `${name}.d.ts`),
        compiler: {
          overrideTsconfig: {
            compilerOptions: {
              module: "NodeNext",
              target: "ES2022",
              lib: ["ES2023"],
              types: ["node"],
              strict: true,
              skipLibCheck: true
            },
            files: [join(dist, `${name}.d.ts`)]
          }
        },
        apiReport: { enabled: true, reportFileName: `${name}.api.md`, reportFolder: reports, reportTempFolder: work },
        docModel: { enabled: false },
        dtsRollup: { enabled: false },
        tsdocMetadata: { enabled: false },
        newlineKind: "lf",
        messages: {
          compilerMessageReporting: silent,
          extractorMessageReporting: {
            ...silent,
            "ae-forgotten-export": { logLevel: "warning" }
          },
          tsdocMessageReporting: silent
        }
      }
    })
    const result = Extractor.invoke(config, {
      localBuild: write,
      messageCallback: (message) => {
        message.handled = true
        // Bases of classes and constants behind `typeof` need no name; the pipeline language and definitions have
        // inner types that nobody writes.
        const forgotten =
          message.messageId === "ae-forgotten-export" &&
          !["index", "losses", "indexes"].includes(name) &&
          /symbol "[A-Z](?!\w*_base")/.test(message.text)
        if (message.logLevel === "error" || forgotten) messages.push(`${name}: ${message.text}`)
      }
    })
    const tokens = (file) =>
      readFileSync(file, "utf8")
        .match(/\w+|[^\w\s]/g)
        ?.sort()
        .join(" ")
    // The compiler writes the members of a union in another order from time to time, so words and signs are compared without
    // their order.
    const changed =
      result.apiReportChanged && tokens(join(work, `${name}.api.md`)) !== tokens(join(reports, `${name}.api.md`))
    if (changed && !write) messages.push(`${name}: the public surface has changed; run \`npm run api\``)
    return messages
  } finally {
    rmSync(work, { recursive: true, force: true })
  }
}

if (process.argv[1] === import.meta.filename) {
  const write = !process.argv.includes("--check")
  const messages = entries.flatMap((name) => report(name, join(root, "dist"), write))
  for (const message of messages) console.error(message)
  if (messages.length > 0) process.exitCode = 1
  else console.log(`${write ? "wrote" : "unchanged"}: ${entries.length} reports of orbitrank ${version}`)
}
