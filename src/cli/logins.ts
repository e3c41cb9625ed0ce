/** Logins that were saved by `ngshare login`: in a file that nobody else may read. */
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { isAbsolute, join } from 'node:path'
import { WrongUse } from '../terminal/failure.ts'

/** Who one is to a server: the bearer of a token, or to a stand-alone server a name. */
export type Login = { readonly token: string } | { readonly user: string }

export interface Logins {
  /** The server of the last login: the one that is meant where none is named. */
  readonly current: string | null
  /** By the address of the server. */
  readonly servers: Readonly<Record<string, Login>>
}

const none: Logins = { current: null, servers: {} }

/** Where they are kept. */
export function loginsFile(environment: NodeJS.ProcessEnv): string {
  const configured = environment.XDG_CONFIG_HOME
  const folder = configured && isAbsolute(configured) ? configured : join(homedir(), '.config')
  return join(folder, 'ngshare', 'logins.json')
}

/** @throws WrongUse */
export function readLogins(file: string): Logins {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ENOTDIR') return none
    throw new WrongUse(`cannot read the saved logins: ${message}`, { cause: error })
  }
  try {
    const { current, servers } = JSON.parse(text) as Partial<Logins>
    if (typeof servers === 'object' && servers !== null) return { current: current ?? null, servers }
  } catch {
    // told below: the text may hold tokens, so no more is said of it
  }
  throw new WrongUse(`${file} does not hold logins: remove it, then \`ngshare login\` again`)
}

export function saveLogin(file: string, url: string, login: Login): void {
  const { servers } = readLogins(file)
  writeLogins(file, { current: url, servers: { ...servers, [url]: login } })
}

/** Returns whether there was one. */
export function removeLogin(file: string, url: string): boolean {
  const { current, servers } = readLogins(file)
  const { [url]: removed, ...others } = servers
  if (removed === undefined) return false
  writeLogins(file, {
    current: current === url ? (Object.keys(others)[0] ?? null) : current,
    servers: others,
  })
  return true
}

/** Whole or not at all. @throws WrongUse */
function writeLogins(file: string, logins: Logins): void {
  const beside = `${file}.${process.pid}`
  try {
    mkdirSync(join(file, '..'), { recursive: true, mode: 0o700 })
    writeFileSync(beside, `${JSON.stringify(logins, null, 2)}\n`, { mode: 0o600 })
    renameSync(beside, file)
  } catch (error) {
    throw new WrongUse(`cannot save the login: ${(error as Error).message}`, { cause: error })
  }
}
