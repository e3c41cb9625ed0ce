/** A real nginx in front of replicas, with the configuration that `deploy/replicas` shows. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { aFreePort, untilListening } from './ports.ts'

const example = new URL('../../deploy/replicas/nginx.conf', import.meta.url)
const startAttempts = 5
/** Until the worker of before has let go of the port. */
const reloadMs = 1000

export interface Nginx {
  readonly port: number
  readonly pid: number
  /** What it complained about. */
  readonly log: () => string
  /** As `deploy/replicas/restart.sh` does it: from now on nothing is sent to that replica; null: to all again. */
  leaveOut(replica: number | null): Promise<void>
  stop(): Promise<void>
}

/** Listens on a free port of this machine, and asks the replicas at those ports in turn. */
export async function startNginx(replicas: readonly number[]): Promise<Nginx> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await tryStart(replicas, await aFreePort())
    } catch (error) {
      if (attempt === startAttempts) throw error // otherwise the port was taken meanwhile
    }
  }
}

async function tryStart(replicas: readonly number[], port: number): Promise<Nginx> {
  const folder = await mkdtemp(join(tmpdir(), 'ngshare-nginx-'))
  const configure = async (left: number | null) =>
    writeFile(
      join(folder, 'nginx.conf'),
      mainConfiguration(await siteConfiguration(replicas, { port, left })),
    )
  await configure(null)
  const process = spawn('nginx', ['-p', folder, '-c', 'nginx.conf', '-e', 'stderr'], {
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let log = ''
  process.stderr?.setEncoding('utf8').on('data', (text: string) => {
    log += text
  })
  const stop = async () => {
    await end(process)
    await rm(folder, { recursive: true, force: true })
  }
  try {
    await untilListening(process, port)
  } catch (error) {
    await stop()
    throw new Error(`nginx did not start: ${log}`, { cause: error })
  }
  return {
    port,
    pid: process.pid ?? 0,
    log: () => log,
    async leaveOut(replica) {
      await configure(replica)
      process.kill('SIGHUP')
      await sleep(reloadMs)
    },
    stop,
  }
}

/** What is around the example: one worker, so that requests go round strictly, and nothing outside of its folder. */
function mainConfiguration(site: string): string {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    name => `${name}_temp_path tmp-${name};`,
  )
  return [
    'daemon off;',
    'worker_processes 1;',
    ...(userInfo().uid === 0 ? ['user root;'] : []),
    'pid nginx.pid;',
    'error_log stderr warn;',
    'events { worker_connections 4096; }',
    'http {',
    'access_log off;',
    ...temporary,
    site,
    '}',
  ].join('\n')
}

/** The example, with our ports. @throws when the example does not have what is to be replaced */
async function siteConfiguration(
  replicas: readonly number[],
  { port, left }: { port: number; left: number | null },
): Promise<string> {
  const text = await readFile(example, 'utf8')
  const servers = replicas
    .map(replica => `server 127.0.0.1:${replica} max_fails=0${replica === left ? ' down' : ''};`)
    .join('\n    ')
  const site = text
    .replace(/(server 127\.0\.0\.1:\d+ max_fails=0;\s+)+/, `${servers}\n    `)
    .replace(/listen 127\.0\.0\.1:\d+;/, `listen 127.0.0.1:${port} backlog=4096;`)
  if (!site.includes(servers) || !site.includes(`:${port} `)) throw new Error('the example has other lines')
  return site
}

async function end(process: ChildProcess): Promise<void> {
  if (process.exitCode !== null || process.signalCode !== null) return
  const ended = once(process, 'exit')
  process.kill('SIGTERM')
  await ended
}
