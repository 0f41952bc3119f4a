/** How pages look: on a screen, light or dark as the reader has it, and on paper. */
export const STYLE = `
:root { color-scheme: light dark; --ink: #1c2126; --faint: #5c6670; --line: #d8dde2; --paper: #fff; --shade: #f4f6f8;
  --good: #1a6b35; --bad: #b3261e; --warn: #8a5300; --note: #1f5fa8 }
@media (prefers-color-scheme: dark) { :root { --ink: #e4e8ec; --faint: #9aa5b0; --line: #3a4148; --paper: #15191d;
  --shade: #1e2429; --good: #6cc287; --bad: #ff8a80; --warn: #e6b35a; --note: #82b4f0 } }
* { box-sizing: border-box }
body { margin: 0 auto; padding: 1.5rem; max-width: 75rem; color: var(--ink); background: var(--paper);
  font: 0.95rem/1.5 system-ui, sans-serif }
h1 { font-size: 1.35rem; overflow-wrap: anywhere } h2 { font-size: 1.1rem; margin: 2rem 0 0.5rem; overflow-wrap: anywhere }
code, pre, .mono { font: 0.86rem/1.45 ui-monospace, monospace; overflow-wrap: anywhere }
table { border-collapse: collapse; width: 100%; margin: 0.5rem 0 }
th, td { text-align: left; vertical-align: top; padding: 0.2rem 0.9rem 0.2rem 0; border-bottom: 1px solid var(--line) }
th { color: var(--faint); font-weight: 600; white-space: nowrap } td { overflow-wrap: anywhere }
a { color: var(--note) } .pairs th, .whole, .number { width: 1% }
.number { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums }
.whole { white-space: nowrap; overflow-wrap: normal }
details { margin: 0.75rem 0; border: 1px solid var(--line); border-radius: 6px; padding: 0 0.9rem }
details[open] { padding-bottom: 0.6rem } summary { cursor: pointer; padding: 0.5rem 0; font-weight: 600 }
.good { color: var(--good) } .bad { color: var(--bad) } .warn { color: var(--warn) } .note { color: var(--note) }
.faint { color: var(--faint) }
.verdict { font-weight: 700 } ul { margin: 0.3rem 0; padding-left: 1.2rem } .help { color: var(--faint); margin: 0.2rem 0 }
.pick { display: inline-block; margin: 0.2rem 1rem 0.4rem 0 }
.bar { display: flex; height: 0.7rem; min-width: 8rem; background: var(--shade); border-radius: 3px; overflow: hidden }
.bar span { display: block; background: var(--note) } .bar span.waste { background: var(--bad) }
pre { background: var(--shade); padding: 0.7rem; border-radius: 6px; white-space: pre-wrap; margin: 0.5rem 0 }
section:has(#added:not(:checked)) tr.added, section:has(#removed:not(:checked)) tr.removed,
section:has(#modified:not(:checked)) tr.modified, section:has(#renamed:not(:checked)) tr.renamed { display: none }
footer { margin-top: 2.5rem; color: var(--faint) }
@media print { body { max-width: none } .pick { display: none } }
`
