/** What all HTML pages share: escaped text, and a document that needs no network. */
import { printable } from "../../pipeline/words.ts"
import { style } from "./style.ts"

/**
 * Text as HTML and SVG show it literally, in elements and in quoted attributes. Control characters become visible escapes;
 * line ends stay.
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

/** A document. `title`, `kind` and `heading` are plain text; the rest is HTML. */
export interface Document {
  /** Title of the window. */
  readonly title: string
  /** What kind of page it is, above the heading. */
  readonly kind: string
  readonly heading: string
  /** A line below the heading. */
  readonly facts: string
  readonly body: string
  /** Style rules beside the shared ones. */
  readonly rules?: string
  /** Scripts, after the body. */
  readonly scripts?: string
}

/** Forbids the browser to fetch anything: pictures, style and script are in the file. */
const ALONE = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'unsafe-inline'"

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
