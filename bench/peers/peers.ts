// The three servers that are measured side by side, each started in a folder of its own.

import { existsSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { LoadProcess } from '../load/load-process.ts'
import type { Filler } from './filler.ts'
import { fillOverHttp } from './http-filler.ts'
import { fillPythonDatabase } from './python-database.ts'
import { findFreePort, type PeerName, ServerProcess } from './server-process.ts'

/** A server under measurement. */
export type Peer = {
  name: PeerName
  server: ServerProcess
  /** Whether a killed server is expected to know everything that it acknowledged. */
  isDurable: boolean
  fillerThrough(load: LoadProcess): Filler
  stop(): Promise<void>
}

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const PYTHON = join(ROOT, '.venv/ngshare06/bin/python')
const OURS = join(ROOT, 'bin/ngshare')
/** The admin of every server. */
export const ADMIN = 'root'

// No proxy settings, and nothing else of the caller's surroundings: every server starts alike.
const ENVIRONMENT = { PATH: process.env.PATH ?? '', HOME: process.env.HOME ?? '' }

/** What must be done before a peer can be started, or null. */
export function findObstacle(name: PeerName): string | null {
  if (name === 'python' && !existsSync(PYTHON)) return 'run bench/peers/setup-python.sh first'
  if (name === 'ours' && !existsSync(OURS)) return 'bin/ngshare is missing'
  return null
}

/** `hubDelayMs`: how long the hub takes to say whose a token is. Null: ours stands alone, Python's hub answers at once. */
export function startPeer(name: PeerName, folder: string, hubDelayMs: number | null): Promise<Peer> {
  switch (name) {
    case 'ours':
      return startOurs(folder, hubDelayMs)
    case 'python':
      return startPython(folder, hubDelayMs ?? 0)
    case 'bare':
      return startBare(folder)
  }
}

async function startOurs(folder: string, hubDelayMs: number | null): Promise<Peer> {
  const files = join(folder, 'files')
  await mkdir(files, { recursive: true })
  const hub = hubDelayMs === null ? null : await startHub(folder, hubDelayMs)
  const port = await findFreePort()
  const server = new ServerProcess({
    command: process.execPath,
    args: [
      OURS,
      ...(hub ? [] : ['--vngshare', '--debug', '--port', String(port)]),
      ...['--admins', ADMIN, '--host', '127.0.0.1'],
      ...['--database', `sqlite:///${join(folder, 'ngshare.db')}`, '--storage', files],
    ],
    env: hub ? hubEnvironment(hub, port) : ENVIRONMENT,
    identity: hub ? 'token' : 'argument',
    logFile: join(folder, 'server.log'),
    port,
  })
  await server.start()
  return {
    name: 'ours',
    server,
    isDurable: true,
    fillerThrough: load => fillOverHttp(server.target, load),
    async stop() {
      await server.stop()
      await hub?.stop()
    },
  }
}

async function startPython(folder: string, hubDelayMs: number): Promise<Peer> {
  const files = join(folder, 'files')
  await mkdir(files, { recursive: true })
  const databaseFile = join(folder, 'ngshare.db')
  const hub = await startHub(folder, hubDelayMs)
  const port = await findFreePort()
  const server = new ServerProcess({
    command: PYTHON,
    args: [
      join(ROOT, 'bench/peers/ngshare06.py'),
      ...['--admins', ADMIN, '--database', `sqlite:///${databaseFile}`, '--storage', files],
    ],
    env: hubEnvironment(hub, port),
    identity: 'token',
    logFile: join(folder, 'server.log'),
    port,
  })
  await server.start()
  return {
    name: 'python',
    server,
    isDurable: true,
    fillerThrough: () => fillPythonDatabase(databaseFile, files),
    async stop() {
      await server.stop()
      await hub.stop()
    },
  }
}

async function startBare(folder: string): Promise<Peer> {
  const port = await findFreePort()
  const server = new ServerProcess({
    command: process.execPath,
    args: [join(ROOT, 'bench/peers/bare-server.ts'), '--port', String(port), '--storage', folder],
    env: ENVIRONMENT,
    identity: 'argument',
    logFile: join(folder, 'server.log'),
    port,
  })
  await server.start()
  return {
    name: 'bare',
    server,
    // It keeps its index in memory: what it would cost to keep it safe is exactly what it leaves out.
    isDurable: false,
    fillerThrough: load => fillOverHttp(server.target, load),
    stop: () => server.stop(),
  }
}

/** A hub for one server, which need not share it. */
export async function startHub(folder: string, delayMs: number): Promise<ServerProcess> {
  const port = await findFreePort()
  const hub = new ServerProcess({
    command: process.execPath,
    args: [join(ROOT, 'bench/peers/fake-hub.ts'), '--port', String(port), '--delay-ms', String(delayMs)],
    env: ENVIRONMENT,
    identity: 'token',
    logFile: join(folder, 'hub.log'),
    port,
  })
  await hub.start()
  return hub
}

/** What the hub tells the service that listens at `port`. */
export function hubEnvironment(hub: ServerProcess, port: number): Record<string, string> {
  return {
    ...ENVIRONMENT,
    JUPYTERHUB_API_URL: `http://127.0.0.1:${hub.target.port}/hub/api`,
    JUPYTERHUB_API_TOKEN: 'service-ngshare',
    JUPYTERHUB_CLIENT_ID: 'service-ngshare',
    JUPYTERHUB_SERVICE_NAME: 'ngshare',
    JUPYTERHUB_SERVICE_PREFIX: '/api/',
    JUPYTERHUB_SERVICE_URL: `http://127.0.0.1:${port}`,
  }
}
