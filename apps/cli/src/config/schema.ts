import { isolationLevels } from '@holdfast/protocol/enclave'
import { z } from 'zod'
import {
  booleanSetting,
  hostListSetting,
  integerSetting,
  issuerSetting,
  listSetting,
  pemSetting,
} from './types.ts'

/** What documentation says about one setting, beside its type. */
export interface SettingMeta {
  readonly description: string
  /** The default in words. */
  readonly default: string
  /** Command-line flag of `holdfast up`, where there is one. */
  readonly flag?: string
}

const about = (meta: SettingMeta): Record<string, unknown> => ({ ...meta })

/** Levels a floor may name: `hardware` needs evidence that this version cannot check. */
const floorLevels = isolationLevels.filter((level) => level !== 'hardware')

/**
 * Every setting of Holdfast, whether it comes from a flag, the environment or a file. The key is
 * the name in the file; the variable is `HOLDFAST_` and the key in capitals.
 */
export const settingsSchema = z.strictObject({
  port: integerSetting(1, 65_535)
    .default(4444)
    .meta(about({ flag: '--port', default: '4444', description: 'TCP port of the server.' })),
  host: z
    .string()
    .min(1)
    .default('127.0.0.1')
    .meta(
      about({
        flag: '--host',
        default: '127.0.0.1',
        description: 'Address to listen on; 0.0.0.0 for all.',
      }),
    ),
  issuer: issuerSetting()
    .optional()
    .meta(
      about({
        flag: '--issuer',
        default: 'http://localhost:<port>',
        description:
          'Public URL of the server, without a trailing slash; https unless it is a loopback name.',
      }),
    ),
  dataDir: z
    .string()
    .min(1)
    .optional()
    .meta(
      about({
        flag: '--data-dir',
        default: '.holdfast in the project folder',
        description: 'Folder of the database, keys, sockets and logs.',
      }),
    ),
  config: z
    .string()
    .min(1)
    .optional()
    .meta(
      about({
        flag: '--config',
        default: '<data dir>/config.json, if it exists',
        description: 'JSON file with settings by their file keys.',
      }),
    ),
  production: booleanSetting()
    .default(false)
    .meta(
      about({
        flag: '--production',
        default: 'false',
        description: 'Stricter defaults: isolation floor `networkless`, no development aids.',
      }),
    ),
  logLevel: z
    .enum(['debug', 'info', 'warn', 'error'])
    .default('info')
    .meta(
      about({
        flag: '--log-level',
        default: 'info',
        description: 'Least severity that is logged.',
      }),
    ),
  logMaxBytes: integerSetting(65_536, 1_073_741_824)
    .default(10_485_760)
    .meta(
      about({
        default: '10485760',
        description: 'Size at which a log file is rotated; one older file is kept.',
      }),
    ),
  trustProxy: booleanSetting()
    .default(false)
    .meta(
      about({
        default: 'false',
        description: 'Believe `X-Forwarded-*` headers; only behind a proxy that sets them itself.',
      }),
    ),
  trustedProxies: listSetting()
    .default([])
    .meta(
      about({
        default: 'the one proxy in front',
        description:
          "Addresses or networks (CIDR) of the proxies, with `trustProxy`: the client's address is the last hop of `X-Forwarded-For` that is none of them; comma-separated.",
      }),
    ),
  mtlsCertificateHeader: z
    .string()
    .regex(/^[A-Za-z0-9-]{1,100}$/, 'must be the name of a header')
    .optional()
    .meta(
      about({
        default: 'none: no mutual TLS',
        description:
          "Header in which the proxy (one of `trustedProxies`) hands on the client's certificate, as RFC 9440 or URL-encoded PEM; the proxy must remove it from what comes in.",
      }),
    ),
  mtlsVerifiedHeader: z
    .string()
    .regex(/^[A-Za-z0-9-]{1,100}$/, 'must be the name of a header')
    .optional()
    .meta(
      about({
        default: 'none: self-signed certificates only',
        description:
          'Header that holds `SUCCESS` when the proxy has verified the chain of the certificate.',
      }),
    ),
  dpopNonce: z
    .enum(['off', 'token-endpoint', 'everywhere'])
    .default('off')
    .meta(
      about({
        default: 'off',
        description:
          'Where DPoP proofs must carry a nonce of the server: `off`, `token-endpoint` or `everywhere`. Clients that cannot are locked out.',
      }),
    ),
  signingAlgorithm: z
    .enum(['ES256', 'EdDSA', 'RS256'])
    .default('ES256')
    .meta(
      about({
        default: 'ES256',
        description:
          'Algorithm of token signing keys. After a change the new key is published at the start and signs a minute later. Dedalus clients take ES256 and RS256 only.',
      }),
    ),
  signingKeyMaxAgeDays: integerSetting(0, 3650)
    .default(30)
    .meta(
      about({
        default: '30',
        description: 'Age at which the token signing key is rotated; 0 = only on demand.',
      }),
    ),
  tokensPerAccountPerMinute: integerSetting(1, 1_000_000)
    .default(6_000)
    .meta(about({ default: '6000', description: 'Tokens for one user in a minute.' })),
  authorizePerAddressPerMinute: integerSetting(1, 1_000_000)
    .default(3_000)
    .meta(
      about({
        default: '3000',
        description: 'Authorization requests of one address (IPv6: one /64) in a minute.',
      }),
    ),
  tokenFailuresPerAddressPerMinute: integerSetting(1, 1_000_000)
    .default(600)
    .meta(
      about({
        default: '600',
        description:
          'Refused token requests of one address in a minute; requests that succeed are not counted, because many users share one address.',
      }),
    ),
  enclaveMinIsolation: z
    .enum(floorLevels)
    .optional()
    .meta(
      about({
        flag: '--min-isolation',
        default: 'filtered on Linux, process elsewhere, networkless in production',
        description:
          'Isolation floor: below this measured level the enclave gets no keys. One of `none`, `process`, `filtered`, `networkless`.',
      }),
    ),
  enclaveIsolation: z
    .enum(['auto', 'networkless', 'filtered', 'process'])
    .default('auto')
    .meta(
      about({
        default: 'auto',
        description: 'Strongest isolation that the launcher tries; `auto` takes what works.',
      }),
    ),
  uidBase: integerSetting(1, 4_000_000_000)
    .default(47_100)
    .meta(
      about({
        default: '47100',
        description:
          'When started as root: uid and gid of the control plane; +1 the enclave, +2 the relay.',
      }),
    ),
  rootKeyFile: z
    .string()
    .min(1)
    .optional()
    .meta(
      about({
        default: '<data dir>/enclave/root.key, made on the first start',
        description: "Path of the enclave's root key: 32 raw bytes, mode 0600 or stricter.",
      }),
    ),
  egressAllow: hostListSetting()
    .default(['*'])
    .meta(
      about({
        default: '`*`',
        description:
          'Hosts the relay may connect to: `host`, `host:port`, `*.host`, or `*` for any public host; comma-separated.',
      }),
    ),
  egressAllowPrivate: hostListSetting()
    .default([])
    .meta(
      about({
        default: 'none',
        description:
          'Hosts (`host` or `host:port`) allowed although their address is private; comma-separated.',
      }),
    ),
  egressDnsServers: listSetting()
    .default([])
    .meta(
      about({
        default: "the system's",
        description: 'DNS servers of the relay, comma-separated.',
      }),
    ),
  extraCa: pemSetting()
    .optional()
    .meta(
      about({
        default: 'none',
        description:
          'PEM certificates that are trusted for upstreams and for the documents of clients, beside the public ones.',
      }),
    ),
  dynamicRegistration: z
    .enum(['off', 'open', 'initial-access-token'])
    .default('open')
    .meta(
      about({
        default: 'open',
        description:
          'Who may register a client at `/oauth2/register`: nobody, everyone, or who has a token of `holdfast clients registration-token`. Such clients only ever act for a person who consents.',
      }),
    ),
  dynamicRegistrationMaxClients: integerSetting(10, 1_000_000)
    .default(10_000)
    .meta(
      about({
        default: '10000',
        description: 'Most clients that registered themselves; the oldest unused one makes room.',
      }),
    ),
  dynamicRegistrationPerAddressPerHour: integerSetting(1, 1_000_000)
    .default(200)
    .meta(
      about({
        default: '200',
        description:
          'New clients of one address (IPv6: one /64) in an hour; hosted apps register many from few addresses.',
      }),
    ),
  dynamicRegistrationPerHour: integerSetting(1, 1_000_000)
    .default(5_000)
    .meta(
      about({
        default: '5000',
        description: 'New clients of everyone in an hour; an equal public client is no new one.',
      }),
    ),
  clientDocuments: z
    .enum(['on', 'unadvertised', 'off'])
    .default('on')
    .meta(
      about({
        default: 'on',
        description:
          'Clients whose id is the URL of a document about them; `unadvertised` takes them without saying so in the metadata.',
      }),
    ),
  clientDocumentTrust: z
    .enum(['open', 'allow-list', 'review'])
    .default('open')
    .meta(
      about({
        default: 'open',
        description:
          'Whose documents are believed: any host, only listed and approved ones, or any that an administrator approves when it first appears.',
      }),
    ),
  clientDocumentHosts: hostListSetting()
    .default([])
    .meta(
      about({
        default: 'none',
        description:
          'Hosts that need no approval: `host`, `host:port` or `*.host`; comma-separated.',
      }),
    ),
  clientDocumentsBundled: booleanSetting()
    .default(true)
    .meta(
      about({
        default: 'true',
        description:
          'Use the documents of well-known clients that come with this version where their hosts cannot be reached.',
      }),
    ),
  outbound: booleanSetting()
    .default(true)
    .meta(
      about({
        default: 'true',
        description:
          'Let the authorization server fetch what clients name (documents, keys); false for a server without Internet.',
      }),
    ),
  outboundAllowPrivate: hostListSetting()
    .default([])
    .meta(
      about({
        default: 'none',
        description:
          'Hosts (`host` or `host:port`) that it may fetch from although their address is private; comma-separated.',
      }),
    ),
  outboundDnsServers: listSetting()
    .default([])
    .meta(
      about({
        default: "the system's",
        description: 'DNS servers of the authorization server, comma-separated.',
      }),
    ),
  outboundHttpLoopback: booleanSetting()
    .default(false)
    .meta(
      about({
        default: 'false',
        description: 'Also fetch `http:` on loopback; for development only.',
      }),
    ),
  accessTokenTtlSeconds: integerSetting(30, 3600)
    .default(300)
    .meta(about({ default: '300', description: 'Life of an access token.' })),
  refreshGraceSeconds: integerSetting(0, 60)
    .default(30)
    .meta(
      about({
        default: '30',
        description:
          'How long a rotated refresh token is still answered, for clients that lost the reply.',
      }),
    ),
  setupLinkTtlSeconds: integerSetting(60, 86_400)
    .default(1800)
    .meta(
      about({
        default: '1800',
        description: 'Life of the one-time set-up link; invitations last seven days.',
      }),
    ),
  dispatchMaxBodyBytes: integerSetting(1024, 104_857_600)
    .default(10_485_760)
    .meta(
      about({
        default: '10485760',
        description: 'Largest request or response body of a dispatch.',
      }),
    ),
  dispatchTimeoutMs: integerSetting(1000, 300_000)
    .default(30_000)
    .meta(
      about({ default: '30000', description: 'Time for a dispatch that names no timeout itself.' }),
    ),
  providersDir: z
    .string()
    .min(1)
    .optional()
    .meta(
      about({
        flag: '--providers-dir',
        default: 'none',
        description:
          'Folder of YAML files with providers of your own; read by the server and the command line.',
      }),
    ),
  configDir: z
    .string()
    .min(1)
    .optional()
    .meta(
      about({
        flag: '--config-dir',
        default: '$XDG_CONFIG_HOME/holdfast or ~/.config/holdfast',
        description: 'Where the command line keeps its profiles (tokens and keys, mode 0600).',
      }),
    ),
  profile: z
    .string()
    .regex(/^[A-Za-z0-9._-]{1,64}$/, 'use letters, digits, dots, dashes and underscores')
    .default('default')
    .meta(
      about({
        flag: '--profile',
        default: 'default',
        description: 'Name of the profile that the command line signs in with.',
      }),
    ),
})

/** Settings as given, after parsing and with the defaults that depend on nothing. */
export type Settings = z.infer<typeof settingsSchema>
export type SettingKey = keyof Settings

export const settingKeys = Object.keys(settingsSchema.shape) as SettingKey[]

/** The documentation of one setting. */
export const settingMeta = (key: SettingKey): SettingMeta =>
  settingsSchema.shape[key].meta() as unknown as SettingMeta
