import http from 'node:http'
import https from 'node:https'

export interface Answer {
  readonly status: number
  readonly headers: http.IncomingHttpHeaders
  /** The parsed JSON body; undefined when it is none. */
  readonly json: unknown
}

const maxAnswerBytes = 1_048_576

/** A plain GET of one JSON document; no redirect is followed. Rejects when nothing answers in time. */
export function httpGet(url: string, timeoutMs = 5000): Promise<Answer> {
  const { get } = url.startsWith('https:') ? https : http
  return new Promise((resolve, reject) => {
    const request = get(url, { signal: AbortSignal.timeout(timeoutMs) }, (response) => {
      let text = ''
      response.setEncoding('utf8')
      response.on('data', (chunk: string) => {
        text += chunk
        if (text.length > maxAnswerBytes) request.destroy(new Error('the answer is too large'))
      })
      response.once('error', reject)
      response.once('end', () =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, json: parse(text) }),
      )
    })
    request.once('error', reject)
  })
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
