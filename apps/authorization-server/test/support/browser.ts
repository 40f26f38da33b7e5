/** A form on a page. */
export interface Form {
  readonly action: string
  readonly fields: Readonly<Record<string, string>>
}

/** What a page said. */
export interface PageVisit {
  readonly url: string
  readonly status: number
  readonly headers: Headers
  readonly text: string
}

interface Cookie {
  readonly name: string
  readonly value: string
  readonly path: string
}

const unescape = (text: string): string =>
  text
    .replaceAll('&quot;', '"')
    .replaceAll('&#39;', "'")
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&amp;', '&')

/** A browser without scripts: cookies, redirects on one origin, forms, the hand-off's refresh. */
export class Browser {
  readonly #origin: string
  #cookies: Cookie[] = []

  constructor(origin: string) {
    this.#origin = origin
  }

  /** Follows redirects on its own origin and returns the page, or the visit that leads elsewhere. */
  async open(url: string, init: RequestInit = {}): Promise<PageVisit> {
    let target = new URL(url, this.#origin)
    let request = init
    for (let hop = 0; hop < 10; hop += 1) {
      const response = await fetch(target, {
        ...request,
        redirect: 'manual',
        headers: {
          accept: 'text/html',
          ...Object.fromEntries(new Headers(request.headers)),
          cookie: this.#cookieHeader(target),
        },
      })
      this.#store(response.headers.getSetCookie(), target)
      const location = response.headers.get('location')
      const next = location === null ? undefined : new URL(location, target)
      if (next === undefined || next.origin !== this.#origin) {
        return {
          url: target.href,
          status: response.status,
          headers: response.headers,
          text: await response.text(),
        }
      }
      await response.arrayBuffer()
      target = next
      request = {}
    }
    throw new Error('too many redirects')
  }

  /** Posts a form as a browser on our own origin does. */
  submit(
    form: Form,
    filled: Record<string, string | readonly string[]> = {},
    headers: Record<string, string> = {},
  ): Promise<PageVisit> {
    const body = new URLSearchParams(form.fields)
    for (const [name, value] of Object.entries(filled)) {
      body.delete(name)
      for (const one of [value].flat()) body.append(name, one)
    }
    return this.open(form.action, {
      method: 'POST',
      body,
      headers: { origin: this.#origin, 'sec-fetch-site': 'same-origin', ...headers },
    })
  }

  /** Another browser with the same cookies. */
  copy(): Browser {
    const other = new Browser(this.#origin)
    other.#cookies = [...this.#cookies]
    return other
  }

  /** The value of the cookie of this name that was set last. */
  cookie(name: string): string | undefined {
    return this.#cookies.findLast((one) => one.name === name)?.value
  }

  #cookieHeader(target: URL): string {
    return this.#cookies
      .filter(
        ({ path }) =>
          target.pathname === path || target.pathname.startsWith(path === '/' ? '/' : `${path}/`),
      )
      .map(({ name, value }) => `${name}=${value}`)
      .join('; ')
  }

  #store(headers: readonly string[], from: URL): void {
    for (const header of headers) {
      const [pair = '', ...attributes] = header.split(';').map((part) => part.trim())
      const [name = '', value = ''] = pair.split(/=(.*)/s)
      const attribute = (key: string): string | undefined =>
        attributes.find((one) => one.toLowerCase().startsWith(`${key}=`))?.slice(key.length + 1)
      const path = attribute('path') ?? from.pathname
      this.#cookies = this.#cookies.filter((one) => one.name !== name || one.path !== path)
      const expires = attribute('expires')
      const isGone = value === '' || (expires !== undefined && Date.parse(expires) < Date.now())
      if (!isGone) this.#cookies.push({ name, value, path })
    }
  }
}

/** The forms of a page, in order. */
export function formsOf({ text }: PageVisit): Form[] {
  return [...text.matchAll(/<form([^>]*)>(.*?)<\/form>/gs)].map(
    ([, attributes = '', inner = '']) => {
      const fields: Record<string, string> = {}
      for (const [input] of inner.matchAll(/<input[^>]*>/gs)) {
        const type = /type="([^"]*)"/.exec(input)?.[1]
        const name = /name="([^"]*)"/.exec(input)?.[1]
        if (name !== undefined && type !== 'checkbox') {
          fields[name] = unescape(/value="([^"]*)"/.exec(input)?.[1] ?? '')
        }
      }
      for (const [, name = '', options = ''] of inner.matchAll(
        /<select[^>]*name="([^"]*)"[^>]*>(.*?)<\/select>/gs,
      )) {
        const selected = [...options.matchAll(/<option([^>]*)>/gs)].find(([, one]) =>
          /\bselected\b/.test(one ?? ''),
        )
        fields[name] = unescape(/value="([^"]*)"/.exec(selected?.[1] ?? '')?.[1] ?? '')
      }
      return { action: unescape(/action="([^"]*)"/.exec(attributes)?.[1] ?? ''), fields }
    },
  )
}

/** The form of a page whose action ends so. */
export function formOf(page: PageVisit, actionEnd: string): Form {
  const form = formsOf(page).find(({ action }) => action.endsWith(actionEnd))
  if (!form) throw new Error(`no form ${actionEnd} on this page (${page.status}):\n${page.text}`)
  return form
}

/** Where a hand-off page leads. */
export function handOffTarget(page: PageVisit): URL {
  const [, target] = /http-equiv="refresh" content="0;url=([^"]*)"/.exec(page.text) ?? []
  if (target === undefined) throw new Error(`not a hand-off page (${page.status}):\n${page.text}`)
  return new URL(unescape(target))
}
