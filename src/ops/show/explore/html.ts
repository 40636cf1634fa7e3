/** The document of the explorer. Everything in it is built by its script, from data that are text and stay text. */
import { escapeText } from "../html.ts"

/** Forbids every connection: scripts, style and pictures come from the page's own folder. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self' file: 'wasm-unsafe-eval'",
  "worker-src blob:",
  "style-src 'self' file:",
  "img-src 'self' file: data: blob:",
  "base-uri 'none'",
  "form-action 'none'"
]

/**
 * @param connect where the page may connect to: nowhere, or to the server that it came from
 * @param tiles origin of map tiles, if the user wants some
 */
export const policyOf = (connect: "nowhere" | "self", tiles: string | undefined): string =>
  [
    ...POLICY.map((rule) => (rule.startsWith("img-src") && tiles !== undefined ? `${rule} ${tiles}` : rule)),
    ...(connect === "self" ? ["connect-src 'self'"] : [])
  ].join("; ")

export const indexHtml = (experiment: string, policy: string): string => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="${escapeText(policy)}">
<meta name="referrer" content="no-referrer">
<title>${escapeText(experiment)}: explorer</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="page.css">
</head>
<body>
<noscript>This page needs JavaScript. It contacts no server.</noscript>
<script src="page.js"></script>
</body>
</html>
`
