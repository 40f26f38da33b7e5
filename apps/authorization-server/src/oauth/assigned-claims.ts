/** Claims of tokens that are issued without a consent page in between, by token. */
export const assignedClaims = new WeakMap<object, Readonly<Record<string, unknown>>>()
