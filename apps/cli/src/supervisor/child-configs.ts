import type { Config } from '../config.ts'
import type { Layout, ProcessName } from './layout.ts'

/** The first stdin line of each process. */
export const childConfigs: Readonly<
  Record<ProcessName, (config: Config, layout: Layout) => unknown>
> = {
  'egress-relay': (config, layout) => ({
    socket: layout.relaySocket,
    allow: config.egressAllow,
    allowPrivate: config.egressAllowPrivate,
    ...(config.egressDnsServers.length > 0 && { dnsServers: config.egressDnsServers }),
  }),

  enclave: (config, layout) => ({
    socket: layout.enclaveSocket,
    relaySocket: layout.relaySocket,
    floor: config.enclaveMinIsolation,
    ...(config.extraCa !== undefined && { extraCaPem: config.extraCa }),
    maxBodyBytes: config.dispatchMaxBodyBytes,
    attackTargets: {
      supervisorPid: process.pid,
      tcpPort: config.port,
      files: [layout.controlKey, layout.rootKey, layout.stateFile, '/etc/passwd'],
    },
  }),

  'authorization-server': (config, layout) => ({
    issuer: config.issuer,
    host: config.host,
    port: config.port,
    dataDir: layout.controlDir,
    enclaveSocket: layout.enclaveSocket,
    logLevel: config.logLevel,
    production: config.production,
    trustProxy: config.trustProxy,
    accessTokenTtlSeconds: config.accessTokenTtlSeconds,
    refreshGraceSeconds: config.refreshGraceSeconds,
    dispatch: {
      maxBodyBytes: config.dispatchMaxBodyBytes,
      defaultTimeoutMs: config.dispatchTimeoutMs,
    },
    setup: { linkTtlSeconds: config.setupLinkTtlSeconds },
  }),
}
