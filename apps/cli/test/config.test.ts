import { chmodSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { explainConfig, loadConfig, projectRoot } from '../src/config.ts'
import { defaultDataDir } from '../src/config/default-data-dir.ts'
import { settingsTable, tableEnd, tableStart } from '../scripts/settings-table.ts'
import { ConfigError } from '../src/errors.ts'
import { tempDir } from './temp-dir.ts'

function refusal(work: () => unknown): ConfigError {
  try {
    work()
  } catch (error) {
    if (error instanceof ConfigError) return error
    throw error
  }
  throw new Error('was accepted')
}

/** The refusal of one variable, in one line. */
function refused(env: Record<string, string>): string {
  const error = refusal(() => loadConfig({}, { HOLDFAST_DATA_DIR: tempDir(), ...env }))
  return `${error.message}; ${error.fix}`
}

describe('defaults', () => {
  it('need no configuration at all', () => {
    const { config } = loadConfig({}, {})
    expect(config).toMatchObject({
      port: 4444,
      host: '127.0.0.1',
      issuer: 'http://localhost:4444',
      egressAllow: ['*'],
      egressAllowPrivate: [],
      accessTokenTtlSeconds: 300,
      refreshGraceSeconds: 30,
      uidBase: 47_100,
      production: false,
    })
  })

  it('derive the issuer from the port and the root key from the data folder', () => {
    const { config } = loadConfig({}, { HOLDFAST_PORT: '5000', HOLDFAST_DATA_DIR: '/srv/hf' })
    expect(config.issuer).toBe('http://localhost:5000')
    expect(config.rootKeyFile).toBe('/srv/hf/enclave/root.key')
  })

  it('raise the isolation floor in production', () => {
    const floor = (env: Record<string, string>): string =>
      loadConfig({}, env).config.enclaveMinIsolation
    expect(floor({})).toBe(process.platform === 'linux' ? 'filtered' : 'process')
    expect(floor({ HOLDFAST_PRODUCTION: 'true' })).toBe('networkless')
    expect(floor({ HOLDFAST_PRODUCTION: '1', HOLDFAST_ENCLAVE_MIN_ISOLATION: 'process' })).toBe(
      'process',
    )
  })

  it.skipIf(process.getuid?.() === 0)('leave a read-only project folder alone', () => {
    const root = tempDir()
    chmodSync(root, 0o555)
    expect(defaultDataDir({ XDG_DATA_HOME: '/home/ada/data' }, root)).toBe(
      '/home/ada/data/holdfast',
    )
  })

  it('put the data folder into a writable project', () => {
    const root = tempDir()
    expect(defaultDataDir({}, root)).toBe(path.join(root, '.holdfast'))
  })
})

describe('precedence', () => {
  it('is flag before environment before file before default', () => {
    const dir = tempDir()
    writeFileSync(
      path.join(dir, 'config.json'),
      JSON.stringify({ port: 1001, host: '::1', logLevel: 'warn' }),
    )
    const env = { HOLDFAST_DATA_DIR: dir, HOLDFAST_PORT: '1002', HOLDFAST_HOST: '0.0.0.0' }
    const loaded = loadConfig({ port: '1003' }, env)
    expect(loaded.config).toMatchObject({ port: 1003, host: '0.0.0.0', logLevel: 'warn' })
    const sources = Object.fromEntries(
      explainConfig(loaded).map(({ key, source, place }) => [key, place ?? source]),
    )
    expect(sources).toMatchObject({
      port: '--port',
      host: 'HOLDFAST_HOST',
      logLevel: `"logLevel" in ${dir}/config.json`,
      production: 'default',
    })
  })

  it('takes the file that the environment names instead of the one in the data folder', () => {
    const dir = tempDir()
    writeFileSync(path.join(dir, 'config.json'), '{"port": 1}')
    writeFileSync(path.join(dir, 'other.json'), '{"port": 2}')
    const env = { HOLDFAST_DATA_DIR: dir, HOLDFAST_CONFIG: path.join(dir, 'other.json') }
    expect(loadConfig({}, env).config.port).toBe(2)
  })
})

describe('HOLDFAST_X_FILE', () => {
  it('reads the value of X from a file, without its last line break', () => {
    const file = path.join(tempDir(), 'issuer')
    writeFileSync(file, 'https://vault.example.com\n')
    expect(loadConfig({}, { HOLDFAST_ISSUER_FILE: file }).config.issuer).toBe(
      'https://vault.example.com',
    )
  })

  it('is refused together with X', () => {
    expect(refused({ HOLDFAST_PORT: '1', HOLDFAST_PORT_FILE: '/x' })).toBe(
      'HOLDFAST_PORT and HOLDFAST_PORT_FILE are both set; unset one of them',
    )
  })

  it('names the variable when the file cannot be read', () => {
    expect(refused({ HOLDFAST_PORT_FILE: '/nowhere/port' })).toBe(
      'HOLDFAST_PORT_FILE names /nowhere/port, which cannot be read (ENOENT); check the path and its permissions',
    )
  })

  it('reads certificates, and HOLDFAST_ROOT_KEY_FILE stays a path', () => {
    const file = path.join(tempDir(), 'ca.pem')
    const pem = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----'
    writeFileSync(file, `${pem}\n`)
    const loaded = loadConfig({}, { HOLDFAST_EXTRA_CA_FILE: file, HOLDFAST_ROOT_KEY_FILE: '/k' })
    expect(loaded.config).toMatchObject({ extraCa: pem, rootKeyFile: '/k' })
    expect(explainConfig(loaded).find(({ key }) => key === 'extraCa')?.value).toBe(
      '1 certificate(s)',
    )
  })
})

describe('mistakes', () => {
  it('in a variable name are answered with the nearest known one', () => {
    expect(refused({ HOLDFAST_ISOLATION_MIN: 'process' })).toContain(
      'unknown variable HOLDFAST_ISOLATION_MIN',
    )
    expect(refused({ HOLDFAST_PROT: '1' })).toContain('did you mean HOLDFAST_PORT?')
    expect(refused({ HOLDFAST_EGRES_ALLOW: 'x' })).toContain('did you mean HOLDFAST_EGRESS_ALLOW?')
  })

  it('in a file key are answered with the nearest known one', () => {
    const file = path.join(tempDir(), 'c.json')
    writeFileSync(file, '{"prot": 1}')
    expect(refused({ HOLDFAST_CONFIG: file })).toBe(
      `unknown key "prot" in ${file}; did you mean "port"?`,
    )
  })

  it('in a file are told apart: not JSON, not an object', () => {
    const file = path.join(tempDir(), 'c.json')
    writeFileSync(file, '{')
    expect(refused({ HOLDFAST_CONFIG: file })).toContain('is not valid JSON')
    writeFileSync(file, '[]')
    expect(refused({ HOLDFAST_CONFIG: file })).toContain('does not hold a JSON object')
  })

  it.each([
    ['HOLDFAST_PORT', 'abc', 'must be a whole number from 1 to 65535'],
    ['HOLDFAST_PORT', '70000', 'must be a whole number from 1 to 65535'],
    ['HOLDFAST_REFRESH_GRACE_SECONDS', '61', 'must be a whole number from 0 to 60'],
    ['HOLDFAST_PRODUCTION', 'maybe', 'must be true or false'],
    ['HOLDFAST_ISSUER', 'https://vault.example.com/', 'must not end with a slash'],
    ['HOLDFAST_ISSUER', 'http://vault.example.com', 'must be https unless its host is'],
    ['HOLDFAST_ISSUER', 'https://u:p@vault.example.com', 'must be scheme, lower-case host'],
    ['HOLDFAST_ISSUER', 'https://vault.example.com/a', 'must be scheme, lower-case host'],
    ['HOLDFAST_ISSUER', 'vault', 'must be a URL'],
    ['HOLDFAST_EXTRA_CA', '/etc/ca.pem', 'must hold PEM certificates; a file is named'],
    ['HOLDFAST_EGRESS_ALLOW', 'api.example/x', 'must list hosts as host or host:port'],
    ['HOLDFAST_EGRESS_ALLOW_PRIVATE', 'https://localhost:47443', 'must list hosts'],
    ['HOLDFAST_ENCLAVE_MIN_ISOLATION', 'hardware', 'is not valid'],
    ['HOLDFAST_LOG_LEVEL', 'loud', 'is not valid'],
  ])('in the value of %s=%s name the variable and what it takes', (name, value, expected) => {
    const message = refused({ [name]: value })
    expect(message).toContain(`${name} ${expected}`)
    expect(message).toContain(`change ${name}, or remove it for the default`)
  })

  it('a key in the environment is refused with the reason', () => {
    expect(refused({ HOLDFAST_ROOT_KEY: 'canary' })).toMatch(/HOLDFAST_ROOT_KEY_FILE$/)
    expect(refused({ HOLDFAST_ROOT_KEY: 'canary' })).not.toContain('canary')
  })

  it('a certificate header without a list of proxies to believe is refused', () => {
    const header = { HOLDFAST_MTLS_CERTIFICATE_HEADER: 'x-client-cert' }
    const proxies = { HOLDFAST_TRUSTED_PROXIES: '10.0.0.1' }
    const trust = { HOLDFAST_TRUST_PROXY: 'true' }
    for (const env of [header, { ...header, ...trust }, { ...header, ...proxies }]) {
      expect(refused(env)).toMatch(/^HOLDFAST_MTLS_CERTIFICATE_HEADER .*HOLDFAST_TRUSTED_PROXIES/)
    }
    const { config } = loadConfig({}, { ...header, ...trust, ...proxies })
    expect(config.mtlsCertificateHeader).toBe('x-client-cert')
  })

  it('loopback issuers may be http', () => {
    for (const issuer of ['http://localhost:1', 'http://127.0.0.1:1', 'http://[::1]:1']) {
      expect(loadConfig({}, { HOLDFAST_ISSUER: issuer }).config.issuer).toBe(issuer)
    }
  })

  it('an empty variable counts as not set', () => {
    expect(loadConfig({}, { HOLDFAST_PORT: '' }).config.port).toBe(4444)
    expect(loadConfig({}, { HOLDFAST_UNKNOWN: '' }).config.port).toBe(4444)
  })
})

it('docs/configuration.md holds the table of the schema', () => {
  const text = readFileSync(path.join(projectRoot, 'docs', 'configuration.md'), 'utf8')
  const table = text.slice(text.indexOf(tableStart), text.indexOf(tableEnd) + tableEnd.length)
  const squeeze = (markdown: string): string =>
    markdown.replace(/-{3,}/g, '---').replace(/ {2,}/g, ' ')
  expect(squeeze(table)).toBe(squeeze(settingsTable()))
})
