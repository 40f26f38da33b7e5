import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { protectedResource, protectListener } from '../src/node.ts'
import { client, type IssuerDouble, listen, resource, startIssuer } from './issuer-double.ts'

let issuer: IssuerDouble
let server: Server
let url: string

beforeEach(async () => {
  issuer = await startIssuer()
  const guard = protectedResource({ issuer: issuer.issuer, resource, client, dpop: 'preferred' })
  server = createServer(
    protectListener(guard, (_request, response, context) => {
      response.end(JSON.stringify(context?.auth.authorizationDetails ?? 'none'))
    }),
  )
  url = `${await listen(server)}/mcp`
})
afterEach(async () => {
  server.closeAllConnections()
  server.close()
  await once(server, 'close')
  await issuer[Symbol.asyncDispose]()
})

const call = async (claims: Record<string, unknown>): Promise<string> => {
  const response = await fetch(url, {
    method: 'POST',
    headers: { authorization: `Bearer ${await issuer.signToken(claims)}` },
  })
  return response.ok ? response.text() : String(response.status)
}

test('a handler reads what the user allowed in detail', async () => {
  const details = [
    { type: 'connection', identifier: 'ddls:conn:x-github', actions: ['GET /repos/*'] },
    { type: 'of_another_issuer', amount: 3 },
  ]
  expect(JSON.parse(await call({ authorization_details: details }))).toEqual(details)
  expect(await call({})).toBe('"none"')
})

test.each([
  ['no list', { type: 'connection' }],
  ['a text', 'connection'],
  ['a member without a type', [{}]],
  ['a member that is no object', [null]],
  ['a type that is no text', [{ type: 1 }]],
])('a token whose details are %s is refused', async (_what, details) => {
  expect(await call({ authorization_details: details })).toBe('401')
})
