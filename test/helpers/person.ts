import { createBrowser, type Page } from './browser.ts'
import type { Stack } from './stack.ts'
import { createInterface } from 'node:readline'
import { request } from 'undici'

/** Somebody with a browser, a terminal and an account. */
export interface Person {
  readonly name: string
  /** Runs `holdfast …` in this person's own profile and returns what it printed as JSON. */
  run<Result>(args: readonly string[], input?: string): Promise<Result>
  /** Like {@link run}, but for commands that should fail. */
  attempt(args: readonly string[], input?: string): ReturnType<Stack['cli']>
  /** Signs the terminal in through the browser. */
  login(...flags: readonly string[]): Promise<void>
  /** Passes sign-in and consent in the browser, choosing what is offered, and returns the callback. */
  authorize(url: URL): Promise<URL>
}

/** What somebody is called, and signs in with. */
export interface Account {
  readonly name: string
  readonly email: string
  readonly password: string
}

/** Sets a fresh stack up with its first administrator, and signs their terminal in. */
export async function setUpPerson(stack: Stack, account: Account): Promise<Person> {
  const person = createPerson(stack, account)
  await person.run(['setup', '--email', account.email, '--password-stdin'], `${account.password}\n`)
  await person.login()
  return person
}

/** Makes a person. The account must exist before they sign in. */
export function createPerson(stack: Stack, options: Account): Person {
  const profile = ['--profile', options.name.toLowerCase(), '--json']
  const browser = createBrowser({ origin: stack.issuer })

  const authorize = async (url: URL): Promise<URL> => {
    let page = await browser.open(url)
    if (page.forms.some(({ fields }) => fields.includes('password'))) {
      page = await browser.submit(
        page.form('password'),
        { email: options.email, password: options.password },
        'Sign in',
      )
    }
    if (!page.leaving) page = await browser.submit(page.form('Allow'), everyChoice(page), 'Allow')
    if (!page.leaving) throw new Error(`the browser stayed at "${page.title}": ${page.text}`)
    return page.leaving
  }

  return {
    name: options.name,
    run: async <Result>(args: readonly string[], input?: string) => {
      const { code, stdout, stderr } = await stack.cli([...profile, ...args], input)
      if (code !== 0)
        throw new Error(`holdfast ${args.join(' ')} exited with ${code}: ${stderr}${stdout}`)
      return (stdout.trim() === '' ? undefined : JSON.parse(stdout)) as Result
    },
    attempt: (args, input) => stack.cli([...profile, ...args], input),
    authorize,
    login: async (...flags) => {
      const child = stack.startCli([...profile, 'login', '--no-browser', ...flags])
      const exited = new Promise<number | null>((resolve) => child.once('exit', resolve))
      const said: string[] = []
      try {
        for await (const line of createInterface({ input: child.stderr! })) {
          said.push(line)
          const [url] = /https?:\/\/\S+/.exec(line) ?? []
          if (url === undefined) continue
          const answer = await request(await authorize(new URL(url)))
          await answer.body.dump()
          break
        }
      } catch (error) {
        // Who may not sign in leaves the command waiting for a browser that never comes.
        child.kill()
        throw error
      }
      child.stdout?.resume()
      const code = await exited
      if (code !== 0) throw new Error(`holdfast login exited with ${code}: ${said.join('\n')}`)
    },
  }
}

/** Ticks every connection that the consent page of direct dispatch offers. */
function everyChoice(page: Page): Record<string, string[]> {
  const boxes = page.html.querySelectorAll('input[type=checkbox][name=connection]')
  return boxes.length === 0
    ? {}
    : { connection: boxes.map((box) => box.getAttribute('value') ?? '') }
}
