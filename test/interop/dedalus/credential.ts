import assert from 'node:assert/strict'
import {
  findInBytes,
  findInFolder,
  findInProcess,
  folderBytes,
  needlesOf,
} from '../../helpers/canary.ts'
import { hasProc } from '../../helpers/processes.ts'
import { resultOf } from './python-programs.ts'
import type { Report } from './report.ts'
import { headerFormat, type Setting } from './setting.ts'

interface Encrypted {
  readonly key_size: number
  readonly envelope: string
}

/** Encrypts the key with the Dedalus SDK, uploads it and returns the handle. */
export async function checkCredential(report: Report, setting: Setting): Promise<string> {
  const { issuer, client, upstream, manage } = setting
  let envelope = ''
  let handle = ''
  report.part('The credential')
  await report.check('fetch_encryption_key_sync finds a key of at least 3072 bits', async () => {
    const step = await client.step<Encrypted>('encrypt', {
      ...{ issuer, base_url: upstream.url, header_format: headerFormat, token: setting.secret },
    })
    const result = resultOf(step)
    assert.ok(result.key_size >= 3072, String(result.key_size))
    envelope = result.envelope
    return `RSA ${result.key_size}`
  })
  await report.check('encrypt_credentials → upload as dedalus-v1 → active', async () => {
    const reserved = await manage('POST', '/v1/connections', {
      provider: 'github',
      base_url: upstream.url,
      policy: {
        methods: ['GET', 'POST'],
        paths: ['/**'],
        resources: [setting.plain, setting.bound, setting.automatic].map((one) => one.resource),
      },
    })
    assert.equal(reserved.status, 201, JSON.stringify(reserved.body))
    const made = reserved.body as { handle: string; upload: { nonce: string } }
    handle = made.handle
    const stored = await manage('PUT', `/v1/connections/${handle}/credential`, {
      ...{ form: 'dedalus-v1', sealed: envelope, upload_nonce: made.upload.nonce },
    })
    assert.equal(stored.status, 200, JSON.stringify(stored.body))
    assert.equal(stored.body['status'], 'active')
    return handle
  })
  return handle
}

/** Searches all that the server wrote and every byte that passed it. */
export async function checkSecrecy(report: Report, setting: Setting): Promise<void> {
  const { stack, tap } = setting
  const needles = needlesOf(setting.secret)
  report.part('The key')
  await report.check('is in no file of the server, in no spelling', async () => {
    assert.deepEqual(findInFolder(stack.dataDir, needles), [])
    return `searched ${(folderBytes(stack.dataDir) / 1_048_576).toFixed(1)} MB`
  })
  await report.check('is in no memory of the MCP servers', async () => {
    if (!hasProc) return 'not searched: this system has no /proc'
    const servers = [setting.plain, setting.bound, setting.automatic]
    assert.deepEqual(
      servers.flatMap(({ pid }) => findInProcess('MCP server', pid, needles)),
      [],
    )
    // A search that could not find the key would prove nothing.
    assert.notDeepEqual(findInProcess('this process', process.pid, needles), [])
    return 'control: the same search finds it here'
  })
  await report.check('passed no wire but that of the API', async () => {
    const passed = tap.captured()
    assert.deepEqual(findInBytes('the wire', passed, needles), [])
    return `searched ${(passed.length / 1_048_576).toFixed(1)} MB`
  })
}
