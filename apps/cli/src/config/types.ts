import { z } from 'zod'

// Flags and variables are strings, files hold JSON values: every type takes both.

const fromString =
  (parse: (text: string) => unknown) =>
  (value: unknown): unknown =>
    typeof value === 'string' ? parse(value.trim()) : value

/** A whole number in a range. */
export function integerSetting(min: number, max: number): z.ZodType<number, unknown> {
  const error = `must be a whole number from ${min} to ${max}`
  return z.preprocess(
    fromString((text) => (/^\d{1,15}$/.test(text) ? Number(text) : text)),
    z.int({ error }).min(min, { error }).max(max, { error }),
  )
}

const truths: Readonly<Record<string, boolean>> = { true: true, 1: true, false: false, 0: false }

/** `true`, `false`, `1` or `0`. */
export function booleanSetting(): z.ZodType<boolean, unknown> {
  return z.preprocess(
    fromString((text) => truths[text.toLowerCase()] ?? text),
    z.boolean({ error: 'must be true or false' }),
  )
}

/** A comma-separated list, or a JSON array of strings. */
export function listSetting(): z.ZodType<string[], unknown> {
  return z.preprocess(
    fromString((text) =>
      text
        .split(',')
        .map((entry) => entry.trim())
        .filter((entry) => entry !== ''),
    ),
    z.array(z.string().min(1), { error: 'must be a comma-separated list' }),
  )
}

/** Rules of hosts, whose ranges and wildcards the relay reads. */
export function hostListSetting(): z.ZodType<string[], unknown> {
  return listSetting().refine((rules) => rules.every((rule) => !/[/\s]/.test(rule)), {
    error: 'must list hosts as host or host:port, without a scheme or a path',
  })
}

const loopbackHost = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/

/** An issuer identifier as RFC 8414 section 2 wants it, at the root of its host. */
export function issuerSetting(): z.ZodType<string, unknown> {
  return z.string().superRefine((value, context) => {
    const refuse = (message: string): void => context.addIssue({ code: 'custom', message })
    if (!URL.canParse(value)) return refuse('must be a URL, such as https://vault.example.com')
    const url = new URL(value)
    if (value.endsWith('/')) return refuse('must not end with a slash')
    if (value !== url.origin) {
      return refuse(
        `must be scheme, lower-case host and optional port only, such as ${url.origin === 'null' ? 'https://vault.example.com' : url.origin}`,
      )
    }
    if (url.protocol === 'https:') return undefined
    if (url.protocol === 'http:' && loopbackHost.test(url.hostname)) return undefined
    return refuse('must be https unless its host is localhost or a loopback address')
  })
}

/** PEM certificates. */
export function pemSetting(): z.ZodType<string, unknown> {
  return z
    .string()
    .regex(
      /-----BEGIN CERTIFICATE-----[\s\S]+-----END CERTIFICATE-----/,
      'must hold PEM certificates; a file is named by the same setting with _FILE',
    )
    .refine((pem) => !pem.includes('PRIVATE KEY'), 'must not hold a private key')
}
