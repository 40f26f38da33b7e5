import {
  type ConnectionDetail,
  connectionDetailSchema,
  maxAuthorizationDetails,
  maxAuthorizationDetailsLength,
  ProtocolError,
} from '@holdfast/protocol'

/** The only type of authorization details: what may be done with a connection. */
export const connectionType = 'connection'

/**
 * Reads the parameter `authorization_details`.
 *
 * @throws ProtocolError `INVALID_DETAILS`, which names the place of what is wrong
 * @see {@link https://www.rfc-editor.org/rfc/rfc9396#section-2}
 */
export function parseDetails(text: string): readonly ConnectionDetail[] {
  if (text.length > maxAuthorizationDetailsLength) {
    refuse(`authorization_details is longer than ${maxAuthorizationDetailsLength} characters`)
  }
  const list = parseList(text)
  if (list.length > maxAuthorizationDetails) {
    refuse(`there are more than ${maxAuthorizationDetails} authorization details`)
  }
  return list.map((value, index) => {
    const read = connectionDetailSchema.safeParse(value)
    if (read.success) return read.data
    const [issue] = read.error.issues
    const place = [index, ...(issue?.path ?? [])].join('.')
    return refuse(`authorization_details.${place}: ${issue?.message ?? 'not valid'}`)
  })
}

function parseList(text: string): unknown[] {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    // Reported like anything else that is no list.
  }
  return Array.isArray(value) ? value : refuse('authorization_details must be a JSON array')
}

/** @throws ProtocolError `INVALID_DETAILS` */
export function refuse(text: string): never {
  throw new ProtocolError('INVALID_DETAILS', text)
}
