// Runs in an empty project that has only the packed packages, by Bun and by Deno.
import { check } from './web-check.mjs'

await check()
const { Bun, Deno } = globalThis
const name = Bun === undefined ? `Deno ${Deno.version.deno}` : `Bun ${Bun.version}`
console.log(`${name}: the guard guards and the client answers it, by web APIs`)
