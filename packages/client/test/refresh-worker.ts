// One of several processes that share a profile: node refresh-worker.ts <issuer> <profile>
import { createClient } from '../src/index.ts'
import { fileTokenStore } from '../src/node/index.ts'

const [issuer = '', profile = ''] = process.argv.slice(2)
const client = createClient({ issuer, tokenStore: fileTokenStore(profile) })
const { accessToken } = await client.token('management')
process.stdout.write(accessToken)
