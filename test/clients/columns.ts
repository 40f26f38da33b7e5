/** What is tried with each client, in the order of the table. */
export const columns = [
  'discover',
  'CIMD',
  'DCR',
  'sign in',
  'call a tool',
  'refresh',
  'step-up',
  'DPoP',
] as const

/** One column of the table. */
export type Column = (typeof columns)[number]

/** What came of one thing with one client. */
export interface Cell {
  readonly outcome: 'pass' | 'fail' | 'n.a.'
  readonly reason?: string | undefined
}

/** How a client introduces itself. */
export type Introduction = 'CIMD' | 'DCR'

/** Where a client is sent. */
export interface Errand {
  /** URL of the MCP server. */
  readonly server: string
  readonly tool: 'whoami' | 'write-note'
  readonly introduction: Introduction
  /** Folder of its own for what the client remembers; the same folder is the same installation. */
  readonly home: string
}

/** What clients find around them. */
export interface Surroundings {
  readonly issuer: string
  /** `client_id` of a metadata document for loopback redirects. */
  readonly documentUrl: string
  /** What a person does in the browser; resolves with the callback. */
  readonly authorize: (url: URL) => Promise<URL>
  /** Environment of a command whose browser is opened by that person. */
  readonly environment: (home: string) => NodeJS.ProcessEnv
}

/** One client of the zoo. */
export interface ZooClient {
  readonly name: string
  /** Calls a tool, signing in when it has to, and resolves with the text of the answer. */
  readonly call: (errand: Errand, around: Surroundings) => Promise<string>
  readonly introductions: readonly Introduction[]
  /** Its own document, for clients that cannot be given one. */
  readonly documentUrl?: string
  /** Whether it can bind tokens to a key; the others must be refused in a way that they can show. */
  readonly canProve: boolean
  /** Cells that do not pass by a fault or a limit of the client, and which. */
  readonly known: Readonly<Partial<Record<Column, Cell>>>
  /** What else it is an oracle for. */
  readonly further?: Readonly<Record<string, (around: FurtherSurroundings) => Promise<void>>>
}

/** What the further checks need beside. */
export interface FurtherSurroundings extends Surroundings {
  /** A protected MCP server and its own client at the authorization server. */
  readonly server: string
  readonly resourceClient: { readonly id: string; readonly secret: string }
  readonly deviceClientId: string
  readonly machine: { readonly id: string; readonly secret: string }
  /** What a person does at the address that a device shows. */
  readonly approveDevice: (url: URL) => Promise<void>
}
