/** The style sheet of all pages: system fonts, light or dark as the reader's system is set, also for phones and for paper. */
export const style = `
:root {
  color-scheme: light dark;
  --paper: #fbfaf7; --card: #ffffff; --ink: #1c2430; --soft: #5d6776; --rule: #e3e1da; --accent: #0b6b57; --wash: #e8f3ef;
  --c1: #0072b2; --c2: #b34700; --c3: #00835f; --bad: #b3261e; --badwash: #fbe9e7; --shade: rgb(0 0 0 / .16);
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #12161c; --card: #1a2028; --ink: #e7eaee; --soft: #9aa5b3; --rule: #2d3540; --accent: #5ed0b0; --wash: #17332d;
    --c1: #56b4e9; --c2: #f0955a; --c3: #3fc79a; --bad: #ff9a8f; --badwash: #40201d; --shade: rgb(255 255 255 / .2);
  }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 16px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif; }
main { max-width: 60rem; margin: 0 auto; padding: 2.5rem 1.25rem 4rem; }
header p.kind { margin: 0; color: var(--accent); font-size: .8rem; font-weight: 600; letter-spacing: .08em; text-transform: uppercase; }
h1 { margin: .15rem 0 .4rem; font-size: clamp(1.7rem, 5vw, 2.4rem); line-height: 1.15; letter-spacing: -.015em; overflow-wrap: anywhere; }
h2 { margin: 2.75rem 0 .75rem; font-size: 1.2rem; letter-spacing: -.005em; overflow-wrap: anywhere; }
p { margin: .5rem 0; max-width: 44rem; }
.facts { color: var(--soft); }
.rule { margin: 1.25rem 0 0; padding: .9rem 1.1rem; border-left: 3px solid var(--accent); background: var(--wash); border-radius: 0 .5rem .5rem 0; max-width: none; }
.soft { color: var(--soft); font-size: .9rem; }
.card { background: var(--card); border: 1px solid var(--rule); border-radius: .75rem; padding: 1rem; }
.scroll {
  overflow-x: auto; padding: .4rem 1rem; --edge: 1rem;
  background:
    linear-gradient(to left, var(--card) 50%, transparent) right / 2.5rem 100% no-repeat local,
    linear-gradient(to left, var(--shade), transparent) right / 1.25rem 100% no-repeat scroll, var(--card);
}
.scroll:focus-visible, button:focus-visible, summary:focus-visible, select:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { padding: .24rem .6rem; text-align: right; white-space: nowrap; }
th:first-child, td:first-child { padding-left: 0; }
.scroll table { margin-inline: calc(-1 * var(--edge)); width: calc(100% + 2 * var(--edge)); }
th:last-child, td:last-child { padding-right: 0; }
.scroll thead th:first-child { padding-left: var(--edge); }
.scroll th:last-child, .scroll td:last-child { padding-right: var(--edge); }
thead th, thead td { padding-top: .4rem; font-size: .85rem; font-weight: 600; border-bottom: 2px solid var(--rule); vertical-align: bottom; }
thead th span { padding: 0 .45rem; }
tbody tr.last th, tbody tr.last td { padding-bottom: .45rem; }
tbody tr.first th, tbody tr.first td { padding-top: .45rem; }
tbody th { text-align: left; font-weight: 600; }
th .measure { display: inline-block; min-width: 8.25rem; padding-right: .6rem; }
th .again { opacity: 0; }
th .part, tbody th.part { font-weight: 400; color: var(--soft); }
tbody tr.first th, tbody tr.first td { border-top: 1px solid var(--rule); }
tbody tr.first:first-child th, tbody tr.first:first-child td { border-top: 0; }
td span { display: inline-block; padding: 0 .45rem; border-radius: .35rem; }
td.best span { background: var(--wash); color: var(--accent); font-weight: 700; }
.figures td small { color: var(--soft); font-size: .78rem; }
td.worse span.mean { background: var(--badwash); color: var(--bad); font-weight: 700; }
td.pair { vertical-align: top; line-height: 1.3; }
td.pair small { display: block; padding: 0 .45rem; color: var(--soft); font-size: .75rem; }
.scroll tbody th:first-child, .scroll thead td:first-child, .scroll tfoot th:first-child { position: sticky; left: calc(-1 * var(--edge)); padding-left: var(--edge); background: var(--card); z-index: 1; }
.scroll tbody th.part:first-child { position: static; padding-left: calc(var(--edge) + .6rem); }
tfoot td, tfoot th { color: var(--soft); font-size: .85rem; font-weight: 400; }
tfoot th { text-align: left; white-space: normal; }
tfoot tr:first-child td, tfoot tr:first-child th { border-top: 2px solid var(--rule); }
.compared thead th { white-space: normal; overflow-wrap: anywhere; min-width: 8.25rem; max-width: 9rem; }
.compared thead th span { display: block; }
.compared thead td + th { min-width: 5.5rem; }
.compared tbody th { vertical-align: top; }
.plots { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 22rem), 1fr)); gap: 1rem; }
figure { margin: 0; max-width: 34rem; }
figcaption { font-weight: 600; font-size: .95rem; }
.plot { display: block; width: 100%; height: auto; margin-top: .5rem; font-size: 12px; }
.plot text { fill: var(--soft); font-family: inherit; }
.plot .tick { font-variant-numeric: tabular-nums; font-size: 11px; }
.grid { stroke: var(--rule); stroke-width: 1; }
.axis { stroke: var(--soft); stroke-width: 1; }
.line { fill: none; stroke-width: 2; stroke-linejoin: round; stroke-linecap: round; }
.line.faint { stroke-width: 1.5; opacity: .4; }
.line.dashed { stroke-dasharray: 6 5; stroke-linecap: butt; }
.line.c1 { stroke: var(--c1); } .line.c2 { stroke: var(--c2); } .line.c3 { stroke: var(--c3); }
.dot.c1 { fill: var(--c1); } .dot.c2 { fill: var(--c2); } .dot.c3 { fill: var(--c3); }
.legend { display: flex; flex-wrap: wrap; gap: .2rem 1.1rem; margin: .5rem 0 0; padding: 0; list-style: none; font-size: .85rem; color: var(--soft); }
.legend li { display: flex; align-items: center; gap: .45rem; }
.legend svg { width: 24px; height: 8px; flex: none; }
#tools { display: flex; flex-wrap: wrap; align-items: center; gap: .6rem 1.25rem; margin-top: 1rem; padding: .7rem 1rem; font-size: .9rem; }
#tools[hidden], .strip[hidden] { display: none; }
#tools label { display: flex; align-items: center; gap: .5rem; max-width: 100%; }
#tools select { min-width: 0; max-width: 22rem; padding: .35rem .5rem; font: inherit; color: var(--ink); background: var(--paper); border: 1px solid var(--rule); border-radius: .4rem; }
#tools output { color: var(--soft); margin-left: auto; }
.strip { margin-top: 1rem; }
.strip h3 .ap { float: right; color: var(--accent); font-weight: 600; font-variant-numeric: tabular-nums; }
.strip h3 { margin: 0 0 .75rem; font-size: .85rem; font-weight: 600; overflow-wrap: anywhere; }
.strip h3 span { color: var(--soft); font-weight: 400; }
.found { display: grid; grid-template-columns: 8.5rem minmax(0, 1fr); gap: 1.25rem; align-items: start; }
.tiles { display: grid; grid-template-columns: repeat(var(--wide), minmax(0, 1fr)); gap: 1rem .75rem; margin: 0; padding: 0; list-style: none; }
.tile { min-width: 0; font-size: .78rem; line-height: 1.35; }
.picture { display: block; width: 100%; aspect-ratio: 1; padding: 0; border: 0; background-color: var(--rule); background-size: cover; border-radius: .3rem; cursor: zoom-in; }
.query .picture { outline: 3px solid var(--ink); outline-offset: 1px; }
.query .picture:focus-visible { outline: 3px solid var(--accent); outline-offset: 3px; }
.place { display: flex; justify-content: space-between; margin: .35rem 0 .1rem; font-variant-numeric: tabular-nums; font-size: .78rem; }
.place + .place { margin-top: 0; }
.place b { font-weight: 600; }
.place span { color: var(--soft); }
.bar { height: 4px; border-radius: 2px; background: var(--rule); overflow: hidden; margin-bottom: .35rem; }
.bar i { display: block; height: 100%; background: var(--c1); }
#larger { width: min(32rem, 94vw); max-height: 94vh; padding: 1.1rem; color: var(--ink); background: var(--card); border: 1px solid var(--rule); border-radius: .75rem; }
#larger::backdrop { background: rgb(0 0 0 / .6); }
#larger .picture { cursor: default; max-width: min(100%, 60vh); margin: 0 auto; }
#larger h2 { margin: .75rem 0 .2rem; font-size: 1rem; overflow-wrap: anywhere; }
#larger .buttons { display: flex; flex-wrap: wrap; gap: .5rem; margin: .9rem 0 0; }
#larger button { padding: .35rem .9rem; font: inherit; font-size: .9rem; color: var(--ink); background: var(--paper); border: 1px solid var(--rule); border-radius: .4rem; cursor: pointer; }
.labels { margin: 0; padding: 0; list-style: none; hyphens: auto; overflow-wrap: anywhere; }
.labels li { margin-bottom: .2rem; }
.labels li.other { color: var(--soft); }
.labels li.shared::before { content: "✓ "; color: var(--accent); font-weight: 700; }
.about { margin: .3rem 0 0; padding: 0; list-style: none; color: var(--soft); font-variant-numeric: tabular-nums; overflow-wrap: anywhere; }
.tile .about li:nth-child(n + 5) { display: none; }
ul.notes { margin: 0; padding-left: 1.1rem; max-width: 44rem; }
ul.notes li { margin: .3rem 0; }
details.card + details.card { margin-top: .75rem; }
details summary { cursor: pointer; font-weight: 600; }
pre { margin: .75rem 0 0; padding: 0; overflow-x: auto; font: .8rem/1.5 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; }
@media (max-width: 30rem) {
  main { padding: 1.5rem .9rem 3rem; }
  th, td { padding: .24rem .2rem; font-size: .84rem; }
  .scroll { padding: .3rem .75rem; --edge: .75rem; }
  .scroll:has(.figures) { background: var(--card); }
  th .measure { min-width: 6.7rem; padding-right: .3rem; }
  .figures td:last-child, .figures thead th:last-child { position: sticky; right: calc(-1 * var(--edge)); padding-right: var(--edge); background: var(--card); }
  .scroll { container-type: scroll-state; }
  @container scroll-state(scrollable: right) {
    .figures td:last-child::before { content: ""; position: absolute; inset: 0 100% 0 auto; width: .9rem; background: linear-gradient(to left, var(--shade), transparent); }
  }
  td span, thead th span { padding: 0 .2rem; }
  .strip h3 .ap { float: none; display: block; }
  .compared tbody th { white-space: normal; overflow-wrap: anywhere; min-width: 6rem; }
  .compared thead th { min-width: 8rem; }
  .compared thead td + th { min-width: 6.25rem; }
}
@media (max-width: 44rem) {
  .found { grid-template-columns: minmax(0, 1fr); }
  .found .query { width: calc((100% - .75rem) / 2); }
  .tiles .labels li.other { display: none; }
  .tiles { grid-template-columns: repeat(var(--narrow), minmax(0, 1fr)); }
}
@media print {
  :root {
    color-scheme: light;
    --paper: #ffffff; --card: #ffffff; --ink: #1c2430; --soft: #4d5766; --rule: #d5d3cc; --accent: #0b6b57; --wash: #e8f3ef;
    --c1: #0072b2; --c2: #b34700; --c3: #00835f; --bad: #b3261e; --badwash: #fbe9e7;
  }
  * { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  body { background: none; font-size: 11pt; }
  main { max-width: none; padding: 0; }
  h2, h3, figcaption { break-after: avoid; }
  .tile, figure, tr { break-inside: avoid; }
  .scroll { overflow: visible; }
  .found { grid-template-columns: 7rem minmax(0, 1fr); }
  .tiles { grid-template-columns: repeat(var(--wide), minmax(0, 1fr)); }
  #tools, #larger { display: none; }
  details::details-content { display: block; content-visibility: visible; height: auto; }
  pre { white-space: pre-wrap; overflow-wrap: anywhere; }
}
`
