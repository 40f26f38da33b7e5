// Rewrites the generated table of docs/configuration.md. Run with the project's Node:
//   node --conditions=@holdfast/source apps/cli/scripts/write-docs.ts
import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { projectRoot } from '../src/config.ts'
import { settingsTable, tableEnd, tableStart } from './settings-table.ts'

const file = path.join(projectRoot, 'docs', 'configuration.md')
const text = readFileSync(file, 'utf8')
const before = text.slice(0, text.indexOf(tableStart))
const after = text.slice(text.indexOf(tableEnd) + tableEnd.length)
writeFileSync(file, before + settingsTable() + after)
