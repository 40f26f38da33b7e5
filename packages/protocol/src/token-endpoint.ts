import { z } from 'zod'
import { parseBaseUrl } from './upstream-host.ts'

/** Tells whether a text is an https URL without user information or fragment. */
export function isEndpoint(value: string): boolean {
  if (/[#\\\s]/.test(value)) return false
  try {
    parseBaseUrl(value.split('?')[0] ?? '')
    return true
  } catch {
    return false
  }
}

/** An https URL without user information or fragment. */
export const endpoint = z
  .string()
  .max(2048)
  .refine((url) => isEndpoint(url), 'an endpoint is an https URL without user name or fragment')
