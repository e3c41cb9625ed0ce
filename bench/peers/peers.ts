// The three servers that are measured side by side, each started in a folder of its own.

import { existsSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { aFreePort } from '../../test/support/ports.ts'
import type { Identity, Target } from '../load/job.ts'
import type { Load } from '../load/load-process.ts'
import type { Setting } from '../options.ts'
import type { Filler } from './filler.ts'
import { fillOverHttp } from './http-filler.ts'
import { hubEnvironment, startHub } from './hub.ts'
import { ADMIN, findObstacleToOurs, startOurs } from './ours.ts'
import { fillPythonDatabase } from './python-database.ts'
import { ENVIRONMENT, type PeerName, ServerProcess } from './server-process.ts'

/** A server under measurement. */
export type Peer = {
  name: PeerName
  /** Processes of each replica; null: one, or what the server takes. */
  workers: number | null
  target: Target
  /** Whether a killed server is expected to know everything that it acknowledged. */
  isDurable: boolean
  /** All of its processes now. */
  pids(): number[]
  /** As `kill -9` in the middle of the work, and a new start on the same data. */
  killAndRestart(): Promise<void>
  fillerThrough(load: Load): Filler
  stop(): Promise<void>
}

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const PYTHON = join(ROOT, '.venv/ngshare06/bin/python')

/** The setting is that of ours. */
export type PeerOptions = Setting & {
  folder: string
  /** How long the hub takes to say whose a token is. Null: ours stands alone, Python's hub answers at once. */
  hubDelayMs: number | null
}

/** What must be done before a peer can be started, or null. */
export function findObstacle(name: PeerName): string | null {
  if (name === 'python' && !existsSync(PYTHON)) return 'run bench/peers/setup-python.sh first'
  return name === 'ours' ? findObstacleToOurs() : null
}

export function startPeer(name: PeerName, options: PeerOptions): Promise<Peer> {
  switch (name) {
    case 'ours':
      return startOursAsPeer(options)
    case 'python':
      return startPython(options.folder, options.hubDelayMs ?? 0)
    case 'bare':
      return startBare(options.folder)
  }
}

async function startOursAsPeer({ folder, hubDelayMs, shape, workers, replicas }: PeerOptions): Promise<Peer> {
  const ours = await startOurs({ folder, shape, hubDelayMs, workers, replicas })
  return {
    name: 'ours',
    workers,
    target: ours.target,
    isDurable: true,
    pids: ours.pids,
    killAndRestart: ours.killAndRestart,
    fillerThrough: load => fillOverHttp(ours.target, load),
    stop: ours.stop,
  }
}

async function startPython(folder: string, hubDelayMs: number): Promise<Peer> {
  const files = join(folder, 'files')
  await mkdir(files, { recursive: true })
  const databaseFile = join(folder, 'ngshare.db')
  const hub = await startHub(folder, hubDelayMs)
  const port = await aFreePort()
  const server = new ServerProcess({
    command: PYTHON,
    args: [
      join(ROOT, 'bench/peers/ngshare06.py'),
      ...['--admins', ADMIN, '--database', `sqlite:///${databaseFile}`, '--storage', files],
    ],
    env: hubEnvironment(hub, port),
    logFile: join(folder, 'server.log'),
    port,
  })
  await server.start()
  return {
    ...peerOf('python', server, 'token'),
    isDurable: true,
    fillerThrough: () => fillPythonDatabase(databaseFile, files),
    async stop() {
      await server.stop()
      await hub.stop()
    },
  }
}

async function startBare(folder: string): Promise<Peer> {
  const port = await aFreePort()
  const server = new ServerProcess({
    command: process.execPath,
    args: [join(ROOT, 'bench/peers/bare-server.ts'), '--port', String(port), '--storage', folder],
    env: ENVIRONMENT,
    logFile: join(folder, 'server.log'),
    port,
  })
  await server.start()
  const bare = peerOf('bare', server, 'argument')
  return {
    ...bare,
    // It keeps its index in memory: what it would cost to keep it safe is exactly what it leaves out.
    isDurable: false,
    fillerThrough: load => fillOverHttp(bare.target, load),
    stop: () => server.stop(),
  }
}

/** What is alike in servers of one process. */
function peerOf(name: PeerName, server: ServerProcess, identity: Identity) {
  return {
    name,
    workers: null,
    target: { ports: [server.port], identity },
    pids: () => [server.pid],
    killAndRestart: () => server.killAndRestart(),
  }
}
