import { z } from 'zod'
import {
  connectionHandleSchema,
  providerNameSchema,
  providerOfHandle,
} from './connection-handle.ts'
import { ProtocolError } from './errors.ts'
import {
  type DispatchMethod,
  dispatchMethods,
  pathMatches,
  pathPatternSchema,
  patternCovers,
} from './policy.ts'

/** Most details in one request. */
export const maxAuthorizationDetails = 20

/** Longest `authorization_details` in characters of JSON: they stand in every token. */
export const maxAuthorizationDetailsLength = 4096

const methods: readonly string[] = [...dispatchMethods, '*']

const isAction = (text: string): boolean => {
  const { method, pattern } = split(text)
  return (
    methods.includes(method) &&
    (pattern === undefined || pathPatternSchema.safeParse(pattern).success)
  )
}

/** Zod schema of {@link ConnectionDetail}. */
export const connectionDetailSchema = z.strictObject({
  type: z.literal('connection'),
  /** The connection's handle. */
  identifier: connectionHandleSchema.optional(),
  /** A catalog name: the user chooses one of their connections of this provider. */
  provider: providerNameSchema.optional(),
  /** The name under which the resource knows the connection. */
  name: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/, 'use letters, digits, ".", "_" and "-"')
    .optional(),
  /** `METHOD` or `METHOD /path/pattern`; absent = whatever the connection's policy allows. */
  actions: z
    .array(
      z
        .string()
        .max(560)
        .refine(isAction, {
          message: `an action is one of ${methods.join(', ')}, alone or with a path pattern: "GET /repos/*"`,
        }),
    )
    .min(1, 'an empty list allows nothing: leave actions out or name one')
    .max(50)
    .optional(),
  /** Resources on whose behalf it may be used. */
  locations: z.array(z.string().min(1).max(2048)).min(1).max(5).optional(),
})

/** A member of `authorization_details` of type `connection`. @see {@link https://www.rfc-editor.org/rfc/rfc9396} */
export type ConnectionDetail = z.infer<typeof connectionDetailSchema>

/** Zod schema of {@link GrantedConnectionDetail}. */
export const grantedConnectionDetailSchema = connectionDetailSchema.required({ identifier: true })

/** A detail as it was granted: it names its connection. */
export type GrantedConnectionDetail = z.infer<typeof grantedConnectionDetailSchema>

interface Action {
  readonly method: string
  /** Absent = every path. */
  readonly pattern: string | undefined
}

function split(action: string): Action {
  const at = action.indexOf(' ')
  return at === -1
    ? { method: action, pattern: undefined }
    : { method: action.slice(0, at), pattern: action.slice(at + 1) }
}

/** Tells whether a detail allows a call. `pathname` is one that `parseRequestPath` accepted. */
export function allowsCall(
  { actions }: Pick<GrantedConnectionDetail, 'actions'>,
  { method, pathname }: { readonly method: DispatchMethod; readonly pathname: string },
): boolean {
  return (
    actions === undefined ||
    actions.map(split).some((action) => {
      if (action.method !== '*' && action.method !== method) return false
      return action.pattern === undefined || pathMatches(action.pattern, pathname)
    })
  )
}

/** Tells whether a detail may be used on behalf of a resource. */
export const allowsLocation = (
  { locations }: Pick<GrantedConnectionDetail, 'locations'>,
  resource: string,
): boolean => locations === undefined || locations.includes(resource)

/** What a grant without details allows, as details: its connections and whatever their policies allow. */
export const detailsOfConnections = (
  connections: Readonly<Record<string, string>>,
): GrantedConnectionDetail[] =>
  Object.entries(connections).map(([name, identifier]) => ({
    type: 'connection',
    identifier: identifier as GrantedConnectionDetail['identifier'],
    name,
  }))

/**
 * The details that somebody asks for out of those that were granted, with what they leave out filled in.
 *
 * @throws ProtocolError `INVALID_DETAILS` for anything that was not granted
 */
export const narrowDetails = (
  asked: readonly ConnectionDetail[],
  granted: readonly GrantedConnectionDetail[],
): GrantedConnectionDetail[] => asked.flatMap((detail, index) => narrow(detail, granted, index))

function narrow(
  asked: ConnectionDetail,
  granted: readonly GrantedConnectionDetail[],
  index: number,
): GrantedConnectionDetail[] {
  const refuse = (why: string): never => {
    throw new ProtocolError('INVALID_DETAILS', `${why} (authorization details index ${index})`)
  }
  const meant = granted.filter((detail) => isSame(asked, detail))
  const [first] = meant
  if (first === undefined) {
    return refuse('no such connection was granted; only what was granted can be asked for again')
  }
  if (meant.some(({ identifier }) => identifier !== first.identifier)) {
    return refuse('several granted connections fit: name one by its identifier')
  }
  const { locations, actions } = asked
  // Of details that are not for all of these places, none can speak for them.
  const there = meant.filter(
    (detail) => locations?.every((uri) => allowsLocation(detail, uri)) ?? true,
  )
  if (there.length === 0) return refuse('these locations were not granted')
  const placed = there.map((detail) => (locations ? { ...detail, locations } : detail))
  if (actions === undefined) return placed
  const left = placed.map((detail) => ({
    ...detail,
    actions: actions.filter((action) => coversAction(detail, action)),
  }))
  if (!actions.every((action) => left.some((detail) => detail.actions.includes(action)))) {
    return refuse('these actions were not granted; they can be narrowed but never widened')
  }
  return left.filter((detail) => detail.actions.length > 0)
}

const isSame = (asked: ConnectionDetail, granted: GrantedConnectionDetail): boolean =>
  (asked.identifier === undefined || asked.identifier === granted.identifier) &&
  (asked.name === undefined || asked.name === granted.name) &&
  (asked.provider === undefined ||
    asked.provider === (granted.provider ?? providerOfHandle(granted.identifier)))

function coversAction({ actions }: GrantedConnectionDetail, asked: string): boolean {
  const narrow = split(asked)
  return (
    actions === undefined ||
    actions.map(split).some(({ method, pattern }) => {
      if (method !== '*' && method !== narrow.method) return false
      if (pattern === undefined) return true
      return narrow.pattern !== undefined && patternCovers(pattern, narrow.pattern)
    })
  )
}
