/**
 * Libraries write notices with `console`; on our stdout only JSON lines may stand. Imported first.
 *
 * @module
 */
const toLine =
  (level: string) =>
  (...values: unknown[]): void => {
    const msg = values.filter((value) => typeof value === 'string').join(' ')
    process.stdout.write(
      `${JSON.stringify({ level, process: 'authorization-server', from: 'console', msg })}\n`,
    )
  }

Object.assign(console, {
  debug: toLine('debug'),
  info: toLine('info'),
  log: toLine('info'),
  warn: toLine('warn'),
  error: toLine('error'),
})
