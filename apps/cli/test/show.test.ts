import { Command } from 'commander'
import { expect, it, onTestFinished, vi } from 'vitest'
import { identityLine } from '../src/commands/identity-line.ts'
import { showEntry, showList } from '../src/commands/show.ts'
import { reportFailure } from '../src/failure.ts'

/** Sets the title of a terminal, clears it, and turns what follows around. */
const planted = '\u001B]0;mine\u0007\u009B2J\u202Etxt'
const obeyed = ['\u001B]', '\u0007', '\u009B', '\u202E']

it('names that other people gave cannot speak to the terminal', async () => {
  let shown = ''
  const write = vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    shown += String(text)
    return true
  })
  onTestFinished(() => write.mockRestore())
  const command = new Command()
  const row = { label: planted, list: [planted], named: { name: planted } }
  await showList(command, [row], [...Object.keys(row), ['made', ({ label }) => label]], 'none')
  showEntry(command, row)
  shown += identityLine({ result: 'ok', account: planted, status: 200, code: null, reason: null })
  expect(shown.match(/mine/g)).toHaveLength(8)
  for (const text of obeyed) expect(shown).not.toContain(text)
})

it('a server cannot speak to the terminal by what it says of a failure', () => {
  let shown = ''
  const write = vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    shown += String(text)
    return true
  })
  onTestFinished(() => write.mockRestore())
  reportFailure(
    Object.assign(new Error(planted), {
      ...{ name: 'ClientError', code: 'CONFLICT', fix: planted, requestId: planted },
      fields: [{ pointer: planted, detail: planted }],
    }),
    false,
  )
  shown += identityLine({
    ...{ result: 'failed', account: null, status: null, code: null, reason: planted },
  })
  expect(shown.match(/mine/g)).toHaveLength(6)
  for (const text of obeyed) expect(shown).not.toContain(text)
})
