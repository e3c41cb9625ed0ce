/** Somebody who follows the page: with a home of their own, and a copy of ngshare as one would have cloned it. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { cpSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import { aFreePort } from '../support/ports.ts'

export const repository = join(import.meta.dirname, '..', '..')

export interface Reader {
  readonly home: string
  readonly clone: string
  readonly environment: NodeJS.ProcessEnv
  readonly log: string
}

export async function aReader(folder: string): Promise<Reader> {
  const home = join(folder, 'home')
  const clone = join(folder, 'ngshare')
  copyFilesOfGit(clone)
  allowRoot(home)
  return { home, clone, environment: await environmentOf(home), log: join(folder, 'commands.log') }
}

/** Runs commands in one shell, as somebody would who pastes them into a terminal; a failing one ends it. */
export function follow(reader: Reader, commands: string): ChildProcess {
  const log = openSync(reader.log, 'a')
  // Job control off, errors fatal: what readers would notice must not pass here.
  return spawn('bash', ['-euo', 'pipefail', '-c', commands], {
    cwd: reader.clone,
    env: reader.environment,
    stdio: ['ignore', log, log],
    detached: true,
  })
}

/** Waits until the commands have printed a text; they may go on then. Returns all that they printed. */
export async function printed(
  { process, reader }: { process: ChildProcess; reader: Reader },
  text: string,
  timeoutMs: number,
): Promise<string> {
  const deadline = Date.now() + timeoutMs
  for (;;) {
    const output = readFileSync(reader.log, 'utf8')
    if (output.includes(text)) return output
    if (process.exitCode !== null || process.signalCode !== null) {
      throw new Error(`the commands ended without “${text}”:\n${output.slice(-4000)}`)
    }
    if (Date.now() > deadline) throw new Error(`no “${text}” after ${timeoutMs} ms:\n${output.slice(-4000)}`)
    await new Promise(resolve => setTimeout(resolve, 200))
  }
}

/** As Ctrl-C does: the whole group of the shell gets it. */
export async function interrupt(process: ChildProcess): Promise<void> {
  const { pid } = process
  if (pid === undefined || process.exitCode !== null || process.signalCode !== null) return
  const ended = new Promise(resolve => process.once('exit', resolve))
  globalThis.process.kill(-pid, 'SIGINT')
  const giveUp = setTimeout(() => globalThis.process.kill(-pid, 'SIGKILL'), 40_000)
  await ended
  clearTimeout(giveUp)
}

function copyFilesOfGit(clone: string): void {
  const list = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
    cwd: repository,
    encoding: 'utf8',
  })
  for (const file of list.split('\0').filter(name => name !== '')) {
    mkdirSync(dirname(join(clone, file)), { recursive: true })
    cpSync(join(repository, file), join(clone, file))
  }
}

/** CI is root, which notebook servers refuse; readers are not. This is the one thing that they have not got. */
function allowRoot(home: string): void {
  if (process.geteuid?.() !== 0) return
  const folder = join(home, 'hub', 'python', 'etc', 'jupyter')
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'jupyter_server_config.json'), '{"ServerApp": {"allow_root": true}}')
}

/** Only ports, caches and this machine's way to the registries differ from what readers have. */
async function environmentOf(home: string): Promise<NodeJS.ProcessEnv> {
  const [hub, api, proxy, ngshare] = [
    await aFreePort(),
    await aFreePort(),
    await aFreePort(),
    await aFreePort(),
  ]
  const inherited = Object.entries(process.env).filter(
    ([name]) => !/^(JUPYTER|NGSHARE|HUB_|VIRTUAL_ENV)/.test(name),
  )
  return {
    ...Object.fromEntries(inherited),
    PATH: (process.env.PATH ?? '')
      .split(':')
      .filter(folder => !folder.startsWith(repository))
      .join(':'),
    HOME: home,
    PIP_CACHE_DIR: join(repository, '.venv', 'pip-cache'),
    npm_config_cache: process.env.npm_config_cache ?? join(homedir(), '.npm'),
    npm_config_userconfig: process.env.npm_config_userconfig ?? join(homedir(), '.npmrc'),
    HUB_BIND_URL: `http://127.0.0.1:${hub}`,
    HUB_PORT: String(api),
    PROXY_API_PORT: String(proxy),
    NGSHARE_PORT: String(ngshare),
    ...(process.geteuid?.() === 0 ? { NGSHARE_ACCOUNT: 'root' } : {}),
  }
}
