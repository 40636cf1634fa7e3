/** Patches that were left out, by the step that skipped them, and findings about the archive, from the run record. */
import { counted } from "../../../pipeline/words.ts"
import { type Finding, findingText } from "../../data/archives/shared/findings.ts"
import type { Bad } from "../../data/patches/bad-patches.ts"
import { escapeText } from "../html.ts"

/** Skipped patches and findings by step, as `bad-patches.ts` and `archive.ts` record them. */
export interface LeftOut {
  readonly skipped?: Readonly<Record<string, ReadonlyArray<Bad>>>
  readonly findings?: Readonly<Record<string, ReadonlyArray<Finding>>>
}

/** Number of patches that the page lists; the record has all of them. */
const SHOWN = 200

const patches = (count: number): string => counted(count, "patch", "patches")

const skippedBy = (step: string, bad: ReadonlyArray<Bad>): string => {
  const shown = bad
    .slice(0, SHOWN)
    .map(({ name, why }) => `<li><strong>${escapeText(name)}</strong>: ${escapeText(why)}</li>`)
  const rest =
    bad.length > SHOWN ? `<li>and ${patches(bad.length - SHOWN)} more: see skipped.${step} in record.json</li>` : ""
  return `<details class="card"><summary>${patches(bad.length)} skipped by ${escapeText(step)}</summary><ul class="notes">${shown.join("")}${rest}</ul></details>`
}

/** The section of the page; empty if nothing was left out. */
export const leftOutSection = ({ findings = {}, skipped = {} }: LeftOut): string => {
  const found = Object.values(findings)
    .flat()
    .map((one) => `<li>${escapeText(findingText(one))}. ${escapeText(one.remedy)}.</li>`)
  const list = found.length === 0 ? "" : `<ul class="notes">${found.join("")}</ul>`
  const parts = Object.entries(skipped).map(([step, bad]) => skippedBy(step, bad))
  return list === "" && parts.length === 0 ? "" : `<h2>Patches left out</h2>${list}${parts.join("")}`
}
