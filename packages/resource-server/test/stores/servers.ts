import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chownSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import type { ServerAddress } from './cuttable-proxy.ts'
import { postgresPrograms, redisProgram } from './programs.ts'

/** Who may sign in at a PostgreSQL, and where to. */
export interface PostgresLogin {
  readonly user: string
  readonly database: string
}

/** A server for the tests: started for them, or one that runs already. */
export interface TestServer extends AsyncDisposable {
  readonly address: ServerAddress
  readonly login: PostgresLogin
}

const redisUrl = process.env['HOLDFAST_TEST_REDIS_URL']
const postgresUrl = process.env['HOLDFAST_TEST_POSTGRES_URL']

/** How to get each server here; undefined where there is no way. */
export const servers: {
  readonly redis: (() => Promise<TestServer>) | undefined
  readonly postgres: (() => Promise<TestServer>) | undefined
} = {
  redis: source(redisUrl, 6379, redisProgram, startRedis),
  postgres: source(postgresUrl, 5432, postgresPrograms, startPostgres),
}

const localLogin: PostgresLogin = { user: 'test', database: 'postgres' }

function source(
  url: string | undefined,
  port: number,
  program: string | undefined,
  start: (program: string) => Promise<TestServer>,
): (() => Promise<TestServer>) | undefined {
  if (url !== undefined) return () => Promise.resolve(running(new URL(url), port))
  return program === undefined ? undefined : () => start(program)
}

function running(url: URL, defaultPort: number): TestServer {
  if (url.password !== '')
    throw new Error('the tests sign in without a password: let the server trust them')
  const text = (value: string): string | undefined => decodeURIComponent(value) || undefined
  return {
    address: { host: url.hostname, port: Number(url.port || defaultPort) },
    login: {
      user: text(url.username) ?? localLogin.user,
      database: text(url.pathname.slice(1)) ?? localLogin.database,
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  }
}

async function untilReady(output: Readable): Promise<void> {
  for await (const line of createInterface(output)) {
    if (/ready to accept connections/i.test(line)) break
  }
  output.resume()
}

async function startRedis(program: string): Promise<TestServer> {
  const folder = mkdtempSync(join(tmpdir(), 'hf-redis-'))
  const path = join(folder, 'redis.sock')
  const child = spawn(
    program,
    ['--port', '0', '--unixsocket', path, '--save', '', '--dir', folder],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  )
  await untilReady(child.stdout)
  return {
    address: { path },
    login: localLogin,
    [Symbol.asyncDispose]: async () => {
      child.kill('SIGTERM')
      await once(child, 'exit')
      rmSync(folder, { recursive: true })
    },
  }
}

// The server refuses to run as root.
const identity = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {}

async function startPostgres(bin: string): Promise<TestServer> {
  const folder = mkdtempSync(join(tmpdir(), 'hf-pg-'))
  if (identity.uid !== undefined) chownSync(folder, identity.uid, identity.gid)
  const data = join(folder, 'data')
  const make = ['-D', data, '-A', 'trust', '-U', localLogin.user, '-E', 'UTF8', '--no-sync']
  execFileSync(join(bin, 'initdb'), make, { ...identity, cwd: folder, stdio: 'ignore' })
  const child = spawn(
    join(bin, 'postgres'),
    ['-D', data, '-k', folder, '-c', 'listen_addresses=', '-c', 'fsync=off'],
    { ...identity, cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] },
  )
  await untilReady(child.stderr)
  return {
    address: { path: join(folder, '.s.PGSQL.5432') },
    login: localLogin,
    [Symbol.asyncDispose]: async () => {
      child.kill('SIGINT')
      await once(child, 'exit')
      rmSync(folder, { recursive: true })
    },
  }
}
