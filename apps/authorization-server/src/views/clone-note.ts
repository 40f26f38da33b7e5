import { html } from 'hono/html'
import type { Html } from './page.ts'

/** Beside a command on a page: the server cannot know how the reader's own machine calls it. */
export const cloneNote = (): Html =>
  html`<p class="soft">
    In a clone, <code>holdfast</code> is <code>npm run -s holdfast --</code>.
  </p>`
