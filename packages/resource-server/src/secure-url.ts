const loopbackHosts = ['localhost', '127.0.0.1', '[::1]']

/** Whether an address is this machine's own, where no other can listen in. */
export const isLoopback = ({ hostname }: URL): boolean => loopbackHosts.includes(hostname)

/** Whether secrets may go to an address, or be answered from it: `https`, or `http` on a loopback address. */
export const isSecure = (url: URL): boolean =>
  url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url))
