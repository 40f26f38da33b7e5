// Progress of an install on stderr: one line rewritten on a terminal, a line now and then in a log.
import process from 'node:process'

const barWidth = 28

export function startProgress(total) {
  const startedAt = Date.now()
  const terminal = process.stderr.isTTY
  let done = 0
  const show = () => {
    const seconds = Math.round((Date.now() - startedAt) / 1000)
    const share = Math.min(1, total === 0 ? 1 : done / total)
    const what = share < 1 ? `${Math.min(done, total)} of ${total} fetched` : 'unpacking'
    if (!terminal) return process.stderr.write(`  ${what}, ${seconds} s\n`)
    const filled = Math.round(share * barWidth)
    const bar = '█'.repeat(filled) + '░'.repeat(barWidth - filled)
    return process.stderr.write(`\r\u001b[2K  ${bar} ${what}, ${seconds} s`)
  }
  const timer = setInterval(show, terminal ? 200 : 5000)
  return {
    tick: () => {
      done += 1
    },
    end: () => {
      clearInterval(timer)
      if (terminal) process.stderr.write('\r\u001b[2K')
    },
  }
}
