/** Longest line that is kept; a child that writes more without a break is cut, not buffered for ever. */
const maxLineLength = 1_048_576

/** Collects chunks and hands over whole lines. */
export function lineSplitter(onLine: (line: string) => void): (chunk: string) => void {
  let rest = ''
  return (chunk) => {
    const parts = (rest + chunk).split('\n')
    rest = parts.pop() ?? ''
    for (const line of parts) if (line !== '') onLine(line)
    if (rest.length > maxLineLength) rest = ''
  }
}
