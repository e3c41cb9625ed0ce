/** Whether a `Host` header, or an address to listen on, names this machine by its loopback interface. */
export function isLoopbackHost(host: string): boolean {
  return /^(localhost|127(\.\d{1,3}){3}|\[::1\]|::1)(:\d+)?$/i.test(host)
}
