#!/usr/bin/env node
// `holdfast`: the same door as `npm run holdfast`, so that it too runs on the project's own Node.
import process from 'node:process'

process.argv.splice(2, 0, 'holdfast')
await import('../../../scripts/bootstrap.mjs')
