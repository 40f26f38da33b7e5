import { html } from 'hono/html'
import type { Html } from './page.ts'

/** Who an app is, as far as this server knows it. */
export interface AppView {
  readonly clientId: string
  readonly clientName: string
  /** Host that speaks for the client, when there is one. */
  readonly clientHost: string | undefined
  /** What nobody has checked about the client; undefined for one that an administrator registered. */
  readonly unverified?: string | undefined
}

/** The app in words, its own claims told from what is known. */
export const appIdentity = ({ clientId, clientName, clientHost, unverified }: AppView): Html =>
  html`${clientHost === undefined ? '' : html`<strong>${clientHost}</strong>, `}the app that calls
  itself “${clientName}” (<code>${clientId}</code>)
  ${unverified === undefined ? '' : html`<p class="notice">${unverified}</p>`}`
