/**
 * A scripted stand-in for a browser: keeps cookies, follows redirects of one origin, fills forms in as
 * a person could, and stops where the server sends it elsewhere. It runs no script and loads nothing
 * beside the page.
 */
import { parse, type HTMLElement } from 'node-html-parser'
import { CookieJar } from 'tough-cookie'
import { Agent, request } from 'undici'
import { fillForm, formsOf, type Form, type FormValues } from './html-form.ts'

/** How a browser is set up. */
export interface BrowserOptions {
  /** The only origin that it visits, such as `http://localhost:4444`. */
  readonly origin: string
  /** A redirect URI at which to stop even if it lies on `origin`. */
  readonly stopAt?: string
  /** Certificate authority to trust for `https`. */
  readonly caPem?: string
}

/** What the browser shows. */
export interface Page {
  readonly url: URL
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly title: string
  /** Visible text in one line. */
  readonly text: string
  readonly html: HTMLElement
  readonly forms: readonly Form[]
  /**
   * Where the server sends the browser next, outside of its origin, by redirect or by
   * `<meta http-equiv="refresh">`. Never visited; its query holds the answer to the client.
   */
  readonly leaving: URL | undefined
  /**
   * The form that has a field of this name or a button with this text.
   *
   * @throws Error when there is none
   */
  form(fieldOrButton: string): Form
}

/** A browser with one tab. */
export interface Browser {
  /** Goes to a URL, relative to the origin, as from the address bar. */
  open(url: string | URL): Promise<Page>
  /**
   * Sends a form of the current page. `button` is the text of the button to press; without it the
   * first is pressed, as by the Enter key.
   *
   * @throws Error when a person could not fill the form in like that
   */
  submit(form: Form, values?: FormValues, button?: string): Promise<Page>
  /**
   * What is shown.
   *
   * @throws Error before the first {@link Browser.open}
   */
  readonly page: Page
  readonly cookies: CookieJar
  close(): Promise<void>
}

interface Visit {
  readonly url: URL
  readonly method: 'GET' | 'POST'
  readonly body?: string | undefined
  /** What `Sec-Fetch-Site` says. */
  readonly site: 'none' | 'same-origin'
}

const MAX_REDIRECTS = 20
const KEEPS_METHOD = new Set([307, 308])

/** Makes a browser with an empty cookie jar. */
export function createBrowser(options: BrowserOptions): Browser {
  const { origin } = new URL(options.origin)
  const cookies = new CookieJar(undefined, { prefixSecurity: 'strict' })
  const agent = new Agent(options.caPem === undefined ? {} : { connect: { ca: options.caPem } })
  let current: Page | undefined

  const isElsewhere = (url: URL): boolean =>
    url.origin !== origin ||
    (options.stopAt !== undefined && url.href.split(/[?#]/)[0] === options.stopAt)

  const visit = async (first: Visit): Promise<Page> => {
    let next = first
    for (let hops = 0; hops <= MAX_REDIRECTS; hops += 1) {
      const shown = await load(next, origin, cookies, agent)
      const target = shown.redirect ?? refreshTarget(shown.page)
      if (target === undefined || isElsewhere(target)) {
        current = { ...shown.page, leaving: target }
        return current
      }
      next = follow(next, shown.page.status, target)
    }
    throw new Error(`more than ${MAX_REDIRECTS} redirects from ${first.url.pathname}`)
  }

  return {
    open: async (url) =>
      visit({ url: requireOrigin(new URL(url, origin), origin), method: 'GET', site: 'none' }),
    submit: async (form, values = {}, button) => {
      const { action, method, entries } = fillForm(form, values, button)
      requireOrigin(action, origin)
      if (method === 'GET') action.search = entries.toString()
      const body = method === 'POST' ? entries.toString() : undefined
      return visit({ url: action, method, body, site: 'same-origin' })
    },
    get page() {
      if (current === undefined) throw new Error('nothing was opened yet')
      return current
    },
    cookies,
    close: () => agent.close(),
  }
}

async function load(
  { url, method, body, site }: Visit,
  origin: string,
  cookies: CookieJar,
  agent: Agent,
): Promise<{ page: Page; redirect: URL | undefined }> {
  const cookie = await cookies.getCookieString(url.href)
  const response = await request(url, {
    dispatcher: agent,
    method,
    body: body ?? null,
    headers: {
      accept: 'text/html,application/xhtml+xml;q=0.9,*/*;q=0.8',
      'sec-fetch-dest': 'document',
      'sec-fetch-mode': 'navigate',
      'sec-fetch-site': site,
      ...(cookie === '' ? {} : { cookie }),
      ...(method === 'POST' ? { 'content-type': 'application/x-www-form-urlencoded', origin } : {}),
    },
  })
  for (const line of [response.headers['set-cookie'] ?? []].flat()) {
    await cookies.setCookie(line, url.href)
  }
  const { location } = response.headers
  const { statusCode: status, headers } = response
  const page = pageOf(url, status, headers, await response.body.text())
  const isRedirect = status >= 300 && status < 400 && typeof location === 'string'
  return { page, redirect: isRedirect ? new URL(location, url) : undefined }
}

function pageOf(url: URL, status: number, headers: Page['headers'], text: string): Page {
  const html = parse(text)
  const forms = formsOf(html, url)
  return {
    url,
    status,
    headers,
    html,
    forms,
    leaving: undefined,
    title: html.querySelector('title')?.text.trim() ?? '',
    text: (html.querySelector('body') ?? html).structuredText.replaceAll(/\s+/g, ' ').trim(),
    form: (wanted) => {
      const found = forms.find(({ fields, buttons }) => [...fields, ...buttons].includes(wanted))
      if (found === undefined) throw new Error(`no form with ${wanted} on: ${text.slice(0, 2000)}`)
      return found
    },
  }
}

/** `<meta http-equiv="refresh" content="0;url=…">` */
function refreshTarget({ html, url }: Page): URL | undefined {
  const content = html
    .querySelectorAll('meta')
    .find((meta) => meta.getAttribute('http-equiv')?.toLowerCase() === 'refresh')
    ?.getAttribute('content')
  const target = /^\s*\d+\s*[;,]\s*url\s*=\s*["']?(.*?)["']?\s*$/i.exec(content ?? '')?.[1]
  return target === undefined ? undefined : new URL(target, url)
}

/** RFC 9110 section 15.4: only 307 and 308 repeat a POST. */
function follow(from: Visit, status: number, url: URL): Visit {
  return KEEPS_METHOD.has(status) ? { ...from, url } : { url, method: 'GET', site: from.site }
}

function requireOrigin(url: URL, origin: string): URL {
  if (url.origin !== origin) throw new Error(`${url.origin} is not the origin of this browser`)
  return url
}
