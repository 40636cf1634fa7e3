import { writeFileSync } from "node:fs"

/** A table of labels as `embeddings` reads it: images p0, p1, ... (or with another prefix) of classes c0, c1, ... */
export const writeTable = (path: string, labels: ReadonlyArray<number>, classes: number, prefix = "p"): void => {
  const rows = Array.from({ length: labels.length / classes }, (_, i) => {
    const row = labels.slice(i * classes, (i + 1) * classes)
    return `${prefix}${i},${row.join(",")}\n`
  })
  writeFileSync(path, `name,${Array.from({ length: classes }, (_, c) => `c${c}`).join(",")}\n${rows.join("")}`)
}
