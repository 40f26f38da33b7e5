import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import {
  fileTokenStore,
  type Keychain,
  keychainTokenStore,
  readPastedRedirect,
} from '../src/node/index.ts'

interface State {
  readonly token: string
}

function tempFile(): string {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'hf-store-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return path.join(folder, 'profiles', 'default.json')
}

/** What the operating system's keychain does, with the limit that Windows has. */
function memoryKeychain(
  maxLength = 2560,
): Keychain & { readonly stored: () => string | undefined } {
  let value: string | undefined
  return {
    stored: () => value,
    get: () => Promise.resolve(value),
    set: (next) => {
      if (next.length > maxLength) return Promise.reject(new Error('too long'))
      value = next
      return Promise.resolve()
    },
    delete: () => {
      value = undefined
      return Promise.resolve()
    },
  }
}

const nobody = (): Promise<never> => Promise.reject(new Error('no keychain here'))
const noKeychain: Keychain = { get: nobody, set: nobody, delete: nobody }

describe('the keychain store', () => {
  it('leaves nothing in files', async () => {
    const file = tempFile()
    const keychain = memoryKeychain()
    const store = keychainTokenStore<State>({ account: 'default', file, keychain })
    await store.save({ token: 'canary' })
    expect(existsSync(file)).toBe(false)
    expect(keychain.stored()).toContain('canary')
    expect(await store.load()).toEqual({ token: 'canary' })
    await store.save(undefined)
    expect(keychain.stored()).toBeUndefined()
    expect(await store.load()).toBeUndefined()
  })

  it('uses a file of mode 0600 where there is no keychain, and says so once', async () => {
    const file = tempFile()
    const reasons: string[] = []
    const store = keychainTokenStore<State>({
      account: 'default',
      file,
      keychain: noKeychain,
      onFallback: (reason) => reasons.push(reason),
    })
    expect(await store.load()).toBeUndefined()
    await store.save({ token: 'one' })
    await store.save({ token: 'two' })
    expect(statSync(file).mode & 0o777).toBe(0o600)
    expect(statSync(path.dirname(file)).mode & 0o777).toBe(0o700)
    expect(await store.load()).toEqual({ token: 'two' })
    expect(reasons).toEqual(['no keychain here'])
    await store.save(undefined)
    expect(existsSync(file)).toBe(false)
  })

  it('never answers an older value of the other place', async () => {
    const file = tempFile()
    const store = keychainTokenStore<State>({
      account: 'default',
      file,
      keychain: memoryKeychain(100),
    })
    await store.save({ token: 'short' })
    const long = { token: 'x'.repeat(200) }
    await store.save(long)
    expect(await store.load()).toEqual(long)
    await store.save({ token: 'short again' })
    expect(await store.load()).toEqual({ token: 'short again' })
    expect(existsSync(file)).toBe(false)
  })

  it('takes over what a file held before', async () => {
    const file = tempFile()
    await keychainTokenStore<State>({ account: 'a', file, keychain: noKeychain }).save({
      token: 'kept',
    })
    expect(readFileSync(file, 'utf8')).toContain('kept')
    const keychain = memoryKeychain()
    const store = keychainTokenStore<State>({ account: 'a', file, keychain })
    const state = await store.load()
    await store.save(state)
    expect(existsSync(file)).toBe(false)
    expect(keychain.stored()).toContain('kept')
  })
})

describe('the file store', () => {
  it.each([0o640, 0o604, 0o660, 0o602])(
    'refuses a file of mode %o, which others may read or write, and says what to do',
    async (mode) => {
      const file = tempFile()
      const store = fileTokenStore<State>(file)
      await store.save({ token: 'canary' })
      chmodSync(file, mode)
      const error: unknown = await store.load().catch((reason: unknown) => reason)
      expect(error).toMatchObject({
        name: 'ClientError',
        code: 'NOT_SIGNED_IN',
        fix: expect.stringContaining(`chmod 600 ${file}`),
      })
      expect(String(error)).not.toContain('canary')
      // What is saved anew is private again: the file is replaced, not written to.
      await store.save({ token: 'fresh' })
      expect(statSync(file).mode & 0o777).toBe(0o600)
      expect(await store.load()).toEqual({ token: 'fresh' })
    },
  )

  it('is refused as fallback of the keychain as well', async () => {
    const file = tempFile()
    const options = { account: 'a', file, keychain: noKeychain }
    await keychainTokenStore<State>(options).save({ token: 'kept' })
    chmodSync(file, 0o644)
    await expect(keychainTokenStore<State>(options).load()).rejects.toMatchObject({
      code: 'NOT_SIGNED_IN',
    })
  })

  it('writes in mode 0600 whatever the umask allows', async () => {
    const file = tempFile()
    const before = process.umask(0)
    onTestFinished(() => void process.umask(before))
    await fileTokenStore<State>(file).save({ token: 'x' })
    expect(statSync(file).mode & 0o777).toBe(0o600)
    expect(statSync(path.dirname(file)).mode & 0o777).toBe(0o700)
  })
})

describe('a pasted redirect', () => {
  const redirectUri = 'http://127.0.0.1:4321/callback'

  it('is read with the blanks of a paste', () => {
    const url = readPastedRedirect(`  ${redirectUri}?code=c&state=s \n`, redirectUri)
    expect(url.searchParams.get('code')).toBe('c')
  })

  it.each([
    'http://127.0.0.1:4322/callback?code=canary',
    'http://evil.example/callback?code=canary',
    'http://127.0.0.1:4321/other?code=canary',
    'http://127.0.0.1:4321/callback',
    'canary',
  ])('%s is refused and not quoted', (text) => {
    const read = (): unknown => readPastedRedirect(text, redirectUri)
    expect(read).toThrow(expect.objectContaining({ code: 'INVALID_REQUEST' }))
    expect(read).not.toThrow(/canary/)
  })
})
