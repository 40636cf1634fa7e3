/** Parts of all HTML pages: escaped text, wide tables, and a document that needs no network. */
import { printable } from "../../pipeline/words.ts"
import { style } from "./style.ts"

/**
 * Escapes text for HTML and SVG, for elements and for quoted attributes. Control characters become visible escapes; line ends
 * stay.
 *
 * @example
 * escapeText("a < b & 'c'") // => "a &lt; b &amp; &#39;c&#39;"
 */
export const escapeText = (text: string): string =>
  text
    .split("\n")
    .map(printable)
    .join("\n")
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;")
    .replaceAll("'", "&#39;")

/**
 * Escapes text that may be broken after `/`, `-`, `_`, `.`, `,` and `=`, as names of files and runs should be.
 *
 * @example
 * breakable("outputs/run-1") // => "outputs/<wbr>run-<wbr>1"
 */
export const breakable = (text: string): string => escapeText(text).replace(/[/_.,=-](?=.)/g, "$&<wbr>")

/**
 * Escapes text whose words between backticks are code.
 *
 * @example
 * withCode("Set `nodata: nan`") // => "Set <code>nodata: nan</code>"
 */
export const withCode = (text: string): string => escapeText(text).replace(/`([^`]+)`/g, "<code>$1</code>")

/** The parts of a page. `title`, `kind` and `heading` are plain text; the others are HTML. */
export interface Document {
  /** Title of the window. */
  readonly title: string
  /** The kind of page, shown above the heading. */
  readonly kind: string
  readonly heading: string
  /** A line below the heading. */
  readonly facts: string
  readonly body: string
  /** Additional style rules. */
  readonly rules?: string
  /** Dialogs and scripts that follow the body. */
  readonly scripts?: string
}

/** The policy that forbids the browser to fetch anything: pictures, style and script are in the file. */
const ALONE = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'unsafe-inline'"

/**
 * A card that scrolls sideways if its table is wider than the window. It can be focused, so that the arrow keys scroll it.
 *
 * @param label its name for screen readers
 * @param table HTML
 */
export const scrolling = (label: string, table: string): string =>
  `<div class="card scroll" role="region" tabindex="0" aria-label="${escapeText(label)}">${table}</div>`

/** A whole page as text. */
export const htmlDocument = ({ body, facts, heading, kind, rules = "", scripts = "", title }: Document): string =>
  `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="${ALONE}">
<title>${escapeText(title)}</title>
<style>${style}${rules}</style>
</head>
<body><main>
<header><p class="kind">${escapeText(kind)}</p><h1>${escapeText(heading)}</h1><p class="facts">${facts}</p></header>
${body}
</main>${scripts}</body>
</html>
`
