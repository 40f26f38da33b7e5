/**
 * Libraries write notices with `console`; on our stdout only JSON lines may stand. Imported first.
 *
 * @module
 */
const toLine =
  (level: string) =>
  (...values: unknown[]): void => {
    const message = values.filter((value) => typeof value === 'string').join(' ')
    process.stdout.write(
      `${JSON.stringify({ time: new Date().toISOString(), level, process: 'authorization-server', from: 'console', message })}\n`,
    )
  }

Object.assign(console, {
  debug: toLine('debug'),
  info: toLine('info'),
  log: toLine('info'),
  warn: toLine('warn'),
  error: toLine('error'),
})
