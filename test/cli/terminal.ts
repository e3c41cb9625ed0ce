/** The program as somebody starts it in a shell of theirs: `bin/ngshare`, with a home and an environment of its own. */
import { spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { text } from 'node:stream/consumers'
import { onTestFinished } from 'vitest'
import type { Service } from '../support/service.ts'

export const program = resolve(import.meta.dirname, '../../bin/ngshare')

export interface Outcome {
  readonly status: number | null
  /** Standard output and error, without the last line's end. */
  readonly out: string
  readonly err: string
  /** Standard output, where it is JSON. */
  readonly json: Readonly<Record<string, unknown>>
}

export interface Terminal {
  /** The folder where commands run, which is the home, too. */
  readonly folder: string
  readonly environment: Readonly<Record<string, string>>
  /** Runs `ngshare ARGS`, with `input` on standard input. */
  ngshare(args: readonly string[], input?: string): Promise<Outcome>
}

/** Lives until the running test ends. `environment` comes on top of what every shell has. */
export async function aTerminal(environment: Readonly<Record<string, string>> = {}): Promise<Terminal> {
  const folder = await mkdtemp(join(tmpdir(), 'ngshare-cli-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  const whole = { PATH: process.env.PATH ?? '', HOME: folder, LANG: 'C.UTF-8', ...environment }
  return {
    folder,
    environment: whole,
    ngshare: (args, input = '') =>
      run([process.execPath, program, ...args], { folder, environment: whole, input }),
  }
}

/** The terminal of a person who uses a stand-alone server. */
export function terminalOf(service: Pick<Service, 'port' | 'prefix'>, user: string): Promise<Terminal> {
  return aTerminal({ NGSHARE_URL: urlOf(service), NGSHARE_USER: user })
}

export function urlOf({ port, prefix }: Pick<Service, 'port' | 'prefix'>): string {
  return `http://127.0.0.1:${port}${prefix}`
}

export async function run(
  [command = '', ...args]: readonly string[],
  {
    folder,
    environment,
    input = '',
  }: { folder: string; environment: Record<string, string>; input?: string },
): Promise<Outcome> {
  const child = spawn(command, args, { cwd: folder, env: environment })
  child.stdin.on('error', () => undefined) // it may end without reading
  child.stdin.end(input)
  const status = new Promise<number | null>((resolve, reject) =>
    child.on('close', resolve).on('error', reject),
  )
  const [out, err] = (await Promise.all([text(child.stdout), text(child.stderr)])).map(all =>
    all.replace(/\n$/, ''),
  )
  const outcome = { status: await status, out: out ?? '', err: err ?? '' }
  const json = { get: () => JSON.parse(outcome.out) as object, enumerable: false }
  return Object.defineProperty(outcome, 'json', json) as Outcome
}
