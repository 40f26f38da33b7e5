// Rewrites the generated table of docs/providers.md. Run with the project's Node:
//   node --conditions=@holdfast/source packages/providers/scripts/write-docs.ts
import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { providersTable, tableEnd, tableStart } from './providers-table.ts'

const file = path.join(import.meta.dirname, '../../../docs/providers.md')
const text = readFileSync(file, 'utf8')
const before = text.slice(0, text.indexOf(tableStart))
const after = text.slice(text.indexOf(tableEnd) + tableEnd.length)
writeFileSync(file, before + providersTable() + after)
