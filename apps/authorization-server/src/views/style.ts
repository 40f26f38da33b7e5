import { hash } from 'node:crypto'

/** The one style sheet; its address changes with its content. */
export const styleSheet = `
:root { color-scheme: light dark; --ink: #1a1d21; --soft: #59636e; --line: #d0d7de; --paper: #fff;
  --back: #f4f6f8; --accent: #0b57d0; --on-accent: #fff; --warn: #7a4b00; --warn-back: #fff6e0;
  --bad: #a40e26; --bad-back: #ffebe9; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e9ec; --soft: #9da7b1; --line: #3d444d;
  --paper: #16191d; --back: #0d0f12; --accent: #7cacf8; --on-accent: #06202f; --warn: #f2cc60;
  --warn-back: #2b2210; --bad: #ff938a; --bad-back: #2d1214; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--back); color: var(--ink);
  font: 1rem/1.5 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; }
main { max-width: 34rem; margin: 2rem auto; padding: 1.5rem; background: var(--paper);
  border: 1px solid var(--line); border-radius: 0.75rem; }
header, footer { max-width: 34rem; margin: 1.5rem auto 0; padding: 0 1.5rem; color: var(--soft); }
header strong { color: var(--ink); }
footer { margin-bottom: 2rem; font-size: 0.875rem; }
h1 { margin: 0 0 0.75rem; font-size: 1.375rem; line-height: 1.3; overflow-wrap: anywhere; }
h2 { margin: 1.5rem 0 0.5rem; font-size: 1rem; }
p, ul, dl { margin: 0 0 0.75rem; }
ul { padding-left: 1.25rem; }
dt { color: var(--soft); font-size: 0.875rem; }
dd { margin: 0 0 0.5rem; overflow-wrap: anywhere; }
code { font: 0.875em/1.4 ui-monospace, monospace; overflow-wrap: anywhere; }
a { color: var(--accent); }
label { display: block; margin: 0.75rem 0 0.25rem; font-weight: 600; }
label.choice { display: flex; gap: 0.6rem; align-items: flex-start; min-height: 2.75rem;
  padding: 0.5rem 0; font-weight: 400; margin: 0; }
input[type="email"], input[type="password"], input[type="text"], select, textarea { width: 100%; min-height: 2.75rem;
  padding: 0.5rem 0.75rem; color: inherit; background: var(--back); border: 1px solid var(--soft);
  border-radius: 0.5rem; font: inherit; }
input[type="checkbox"], input[type="radio"] { width: 1.25rem; height: 1.25rem; margin: 0.1rem 0 0; flex: none; }
fieldset { margin: 0 0 0.75rem; padding: 0.5rem 0.75rem; border: 1px solid var(--line);
  border-radius: 0.5rem; }
legend { padding: 0 0.25rem; font-weight: 600; }
[hidden] { display: none !important; }
button:disabled { opacity: 0.5; cursor: default; }
code.big { font-size: 1.75rem; letter-spacing: 0.1em; }
.soft { color: var(--soft); font-size: 0.875rem; }
form.soft { margin-bottom: 0.75rem; }
input + .soft, select + .soft { margin-top: 0.375rem; }
.notice { padding: 0.75rem; border-left: 0.25rem solid var(--warn); background: var(--warn-back);
  color: var(--warn); border-radius: 0.25rem; }
.error { padding: 0.75rem; border-left: 0.25rem solid var(--bad); background: var(--bad-back);
  color: var(--bad); border-radius: 0.25rem; }
/* The primary button comes first in the source, because Enter presses the first one, and stands last. */
.actions { display: flex; flex-direction: row-reverse; flex-wrap: wrap; gap: 0.75rem;
  justify-content: space-between; margin-top: 1.25rem; }
button, .button { min-height: 2.75rem; min-width: 6rem; padding: 0.5rem 1.25rem; font: inherit;
  font-weight: 600; color: var(--accent); background: transparent; border: 1px solid var(--accent);
  border-radius: 0.5rem; cursor: pointer; }
button.primary { color: var(--on-accent); background: var(--accent); }
button.link { min-height: 0; min-width: 0; padding: 0; border: 0; font-weight: 400;
  text-decoration: underline; }
.inline { display: inline; }
@media (max-width: 36rem) { header { margin-top: 1rem; } main { margin: 1rem auto; border-radius: 0;
  border-width: 1px 0; } }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
`.trimStart()

/** Where the style sheet is served. */
export const stylePath = `/assets/${hash('sha256', styleSheet, 'base64url').slice(0, 20)}.css`
