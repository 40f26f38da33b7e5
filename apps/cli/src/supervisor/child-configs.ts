import { existsSync } from 'node:fs'
import path from 'node:path'
import type { Config } from '../config.ts'
import { ownProviders } from '../connect/load-catalog.ts'
import type { Layout, ProcessName } from './layout.ts'
import type { Sentinels } from './sentinels.ts'

/** The first stdin line of each process. */
export const childConfigs: Readonly<
  Record<ProcessName, (config: Config, layout: Layout, sentinels: Sentinels) => unknown>
> = {
  'egress-relay': (config, layout) => ({
    socket: layout.relaySocket,
    allow: config.egressAllow,
    allowPrivate: config.egressAllowPrivate,
    ...(config.egressDnsServers.length > 0 && { dnsServers: config.egressDnsServers }),
  }),

  enclave: (config, layout, sentinels) => ({
    socket: layout.enclaveSocket,
    relaySocket: layout.relaySocket,
    floor: config.enclaveMinIsolation,
    ...(config.extraCa !== undefined && { extraCaPem: config.extraCa }),
    maxBodyBytes: config.dispatchMaxBodyBytes,
    attackTargets: {
      supervisorPid: process.pid,
      tcpPort: sentinels.tcpPort,
      sockets: sentinels.sockets,
      abstractSockets: sentinels.abstractSockets,
      // A file that is not there yet would prove nothing.
      files: [
        layout.controlKey,
        path.join(layout.controlDir, 'holdfast.db'),
        layout.rootKey,
        layout.enclaveState,
        layout.stateFile,
      ].filter((file) => existsSync(file)),
      folders: [layout.dataDir, layout.runDir, layout.logDir],
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
    trustedProxies: config.trustedProxies,
    ...(config.mtlsCertificateHeader !== undefined && {
      mtls: {
        certificateHeader: config.mtlsCertificateHeader,
        ...(config.mtlsVerifiedHeader !== undefined && {
          verifiedHeader: config.mtlsVerifiedHeader,
        }),
      },
    }),
    dpopNonce: config.dpopNonce,
    signingAlgorithm: config.signingAlgorithm,
    signingKeyMaxAgeSeconds: config.signingKeyMaxAgeDays * 86_400,
    rateLimits: {
      tokensPerAccount: config.tokensPerAccountPerMinute,
      authorizePerAddress: config.authorizePerAddressPerMinute,
      tokenFailuresPerAddress: config.tokenFailuresPerAddressPerMinute,
    },
    accessTokenTtlSeconds: config.accessTokenTtlSeconds,
    refreshGraceSeconds: config.refreshGraceSeconds,
    dispatch: {
      maxBodyBytes: config.dispatchMaxBodyBytes,
      defaultTimeoutMs: config.dispatchTimeoutMs,
    },
    setup: { linkTtlSeconds: config.setupLinkTtlSeconds },
    registration: {
      dynamic: config.dynamicRegistration,
      maxClients: config.dynamicRegistrationMaxClients,
      newClientsPerAddress: config.dynamicRegistrationPerAddressPerHour,
      newClientsInAll: config.dynamicRegistrationPerHour,
      documents: config.clientDocuments,
      trust: config.clientDocumentTrust,
      allowedHosts: config.clientDocumentHosts,
      bundled: config.clientDocumentsBundled,
    },
    outbound: {
      enabled: config.outbound,
      privateHosts: config.outboundAllowPrivate,
      dnsServers: config.outboundDnsServers,
      allowHttpLoopback: config.outboundHttpLoopback,
      ...(config.extraCa !== undefined && { extraCaPem: config.extraCa }),
    },
    providers: ownProviders(config),
  }),
}
