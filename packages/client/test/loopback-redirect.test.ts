import { describe, expect, it, onTestFinished } from 'vitest'
import { AuthorizationCodeAuth, authorizedFetch } from '../src/index.ts'
import { type LoopbackRedirect, openLoopbackRedirect } from '../src/node/index.ts'
import { setting } from './oauth-world.ts'

async function open(
  options: Parameters<typeof openLoopbackRedirect>[0] = {},
): Promise<LoopbackRedirect> {
  const redirect = await openLoopbackRedirect(options)
  onTestFinished(redirect.close)
  return redirect
}

/** The page to which a sign-in with this state leads. */
const signIn = (state: string): URL => new URL(`https://as.example/authorize?state=${state}`)

const visit = ({ redirectUri }: LoopbackRedirect, query: string): Promise<Response> =>
  fetch(`${redirectUri}?${query}`)

const codeOf = async (answer: Promise<URL>): Promise<string | null> =>
  (await answer).searchParams.get('code')

describe('a loopback redirect', () => {
  it('serves a sign-in and every step-up after it', async () => {
    const { as, rs } = await setting()
    const redirect = await open()
    const auth = new AuthorizationCodeAuth({
      redirectUri: redirect.redirectUri,
      authorize: (url) => {
        as.authorize(url).then(fetch, () => undefined)
        return redirect.answer(url)
      },
    })
    const call = authorizedFetch({ auth, resource: rs.url })
    expect((await call(rs.url)).status).toBe(200)
    rs.requiredScope = 'files:delete'
    expect((await call(rs.url)).status).toBe(200)
    rs.requiredScope = 'files:share'
    expect((await call(rs.url)).status).toBe(200)
    expect(as.scopesAsked).toEqual([
      'files:read',
      'files:read files:delete',
      'files:read files:delete files:share',
    ])
  })

  it('gives each of two sign-ins at once its own answer', async () => {
    const redirect = await open()
    const answers = ['a', 'b'].map((state) => codeOf(redirect.answer(signIn(state))))
    await visit(redirect, 'code=2&state=b')
    await visit(redirect, 'code=1&state=a')
    expect(await Promise.all(answers)).toEqual(['1', '2'])
  })

  it('keeps the answer of a browser that was faster than the program', async () => {
    const redirect = await open()
    await visit(redirect, 'code=1&state=a')
    expect(await codeOf(redirect.answer(signIn('a')))).toBe('1')
  })

  it('keeps no more than sixteen of them', async () => {
    const redirect = await open({ timeoutMs: 1 })
    for (let i = 0; i <= 16; i += 1) await visit(redirect, `code=1&state=${i}`)
    const oldest = redirect.answer(signIn('0'))
    await expect(oldest).rejects.toMatchObject({ code: 'LOGIN_FAILED' })
    expect(await codeOf(redirect.answer(signIn('1')))).toBe('1')
  })

  it('gives every sign-in its own time, from when it is waited for', async () => {
    const redirect = await open({ timeoutMs: 1 })
    await visit(redirect, 'code=1&state=a')
    const late = redirect.answer(signIn('b'))
    await expect(late).rejects.toMatchObject({ code: 'LOGIN_FAILED' })
    expect(await codeOf(redirect.answer(signIn('a')))).toBe('1')
  })

  it('ends the waiting when it is closed', async () => {
    const redirect = await open()
    const answer = redirect.answer(signIn('a'))
    redirect.close()
    await expect(answer).rejects.toMatchObject({ code: 'LOGIN_FAILED' })
  })

  it('waits for no sign-in without a state', async () => {
    const redirect = await open()
    const answer = redirect.answer(new URL('https://as.example/authorize'))
    await expect(answer).rejects.toMatchObject({ code: 'LOGIN_FAILED' })
  })

  it('says to a person who declined that nobody was signed in', async () => {
    const redirect = await open()
    const page = await visit(redirect, 'error=access_denied&state=a')
    expect(await page.text()).toContain('Not signed in')
    expect((await redirect.answer(signIn('a'))).searchParams.get('error')).toBe('access_denied')
  })

  it.each([
    '/favicon.ico',
    '//',
    '/callback',
    '/callback?garbage=1',
    '/callback?code=1',
    '/callback?state=a',
    '/callback?code=&state=a',
  ])('takes %s for no answer', async (path) => {
    const redirect = await open()
    const answer = codeOf(redirect.answer(signIn('a')))
    expect((await fetch(new URL(redirect.redirectUri).origin + path)).status).toBe(404)
    await visit(redirect, 'code=right&state=a')
    expect(await answer).toBe('right')
  })

  it('is not confused by a page that sends the browser there with states of its own', async () => {
    const redirect = await open()
    const answer = codeOf(redirect.answer(signIn('a')))
    for (let i = 0; i < 40; i += 1) await visit(redirect, `code=evil&state=${i}`)
    await visit(redirect, 'code=right&state=a')
    expect(await answer).toBe('right')
  })
})
