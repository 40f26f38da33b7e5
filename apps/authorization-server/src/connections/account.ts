import type { ConnectionInfo } from '@holdfast/storage'

/** The account that a connection leads to, as its provider named it last. */
export function accountOf({ summary }: Pick<ConnectionInfo, 'summary'>): string | undefined {
  const account = summary?.['account']
  return typeof account === 'string' ? account : undefined
}
