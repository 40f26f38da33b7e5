// `node scripts/build-browser.mjs`: for images, where no bootstrap runs.
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { ensureBrowserScripts } from './bootstrap/browser-scripts.mjs'

await ensureBrowserScripts(path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..'))
