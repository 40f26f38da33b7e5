/**
 * Which scopes imply others. `prefix`: `files` and `files:*` imply `files:read` and everything else
 * below `files:`. A table: its left side implies its right side, and what that implies.
 */
export type ScopeHierarchy = 'prefix' | Readonly<Record<string, readonly string[]>>

/** Tells which of the needed scopes are not granted. */
export type MissingScopes = (
  granted: readonly string[],
  needed: readonly string[],
) => readonly string[]

type Covers = (granted: readonly string[]) => (scope: string) => boolean

const exactly: Covers = (granted) => (scope) => granted.includes(scope)

// The colon belongs to the comparison: `files` must not cover `filesystem:read`.
const byPrefix: Covers = (granted) => {
  const prefixes = granted.map((scope) => `${scope.replace(/:\*$/, '')}:`)
  return (scope) =>
    granted.includes(scope) || prefixes.some((prefix) => `${scope}:`.startsWith(prefix))
}

function byTable(table: Readonly<Record<string, readonly string[]>>): Covers {
  const implied = new Map(Object.entries(table))
  return (granted) => {
    const all = new Set(granted)
    // A set's iteration also visits what is added on the way, and a circle adds nothing twice.
    for (const scope of all) for (const lower of implied.get(scope) ?? []) all.add(lower)
    return (scope) => all.has(scope)
  }
}

function coverage(hierarchy: ScopeHierarchy | undefined): Covers {
  if (hierarchy === undefined) return exactly
  return hierarchy === 'prefix' ? byPrefix : byTable(hierarchy)
}

/** Makes the comparison of granted with needed scopes. Without a hierarchy scopes match exactly. */
export function createScopeCheck(hierarchy: ScopeHierarchy | undefined): MissingScopes {
  const covers = coverage(hierarchy)
  return (granted, needed) => {
    if (needed.length === 0) return needed
    const isCovered = covers(granted)
    return needed.filter((scope) => !isCovered(scope))
  }
}
