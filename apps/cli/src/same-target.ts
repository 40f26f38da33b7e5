const targets = ['--issuer', '--profile', '--config-dir']

/** A hint to sign in that means the server and the profile which the arguments named. */
export function forSameTarget(hint: string, args: readonly string[]): string {
  const given = targets.flatMap((name) => {
    const at = args.findIndex((arg) => arg === name || arg.startsWith(`${name}=`))
    const value = args[at] === name ? args[at + 1] : args[at]?.slice(name.length + 1)
    // Nothing that would need quotes, nor a password in a URL.
    return value !== undefined && /^[\w.:/-]+$/.test(value) ? [`${name} ${value}`] : []
  })
  return given.length === 0
    ? hint
    : hint.replaceAll(/`holdfast login(?: --dispatch)?(?=`)/g, (login) =>
        [login, ...given].join(' '),
      )
}
