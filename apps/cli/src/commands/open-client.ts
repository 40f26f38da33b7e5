import path from 'node:path'
import { type Client, createClient, type TokenStore } from '@holdfast/client'
import { fileTokenStore } from '@holdfast/client/node'
import type { Command } from 'commander'
import { loadConfig } from '../config.ts'
import { flagsOf } from './flags.ts'

export interface OpenedClient {
  readonly client: Client
  readonly issuer: string
  readonly store: TokenStore
  readonly profileFile: string
}

/**
 * The client of the chosen profile. Its server is the one named by flag, variable or file, else the
 * one that the profile is signed in at, else the local default.
 */
export async function openClient(command: Command): Promise<OpenedClient> {
  const { config, given } = loadConfig(flagsOf(command))
  const profileFile = path.join(config.configDir, 'profiles', `${config.profile}.json`)
  const store = fileTokenStore(profileFile)
  const isNamed = given.issuer !== undefined || given.port !== undefined
  const issuer = isNamed ? config.issuer : ((await store.load())?.issuer ?? config.issuer)
  return { client: createClient({ issuer, tokenStore: store }), issuer, store, profileFile }
}
