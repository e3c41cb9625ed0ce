// Starts our server for a measurement: one process, workers of one, or replicas over one place.

import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { aFreePort } from '../../test/support/ports.ts'
import type { Identity, Target } from '../load/job.ts'
import type { Setting } from '../options.ts'
import { hubEnvironment, startHub } from './hub.ts'
import { type OwnPlace, openPlace, type Place } from './place.ts'
import { processTree } from './process-tree.ts'
import { ENVIRONMENT, type Exit, ServerProcess } from './server-process.ts'

/** The admin of every server. */
export const ADMIN = 'root'
export const OURS = fileURLToPath(new URL('../../bin/ngshare', import.meta.url))

const COMMAND_MS = 600_000

export type OursOptions = Setting & {
  folder: string
  /** How long the hub takes to say whose a token is. Null: stand-alone. */
  hubDelayMs: number | null
  own?: OwnPlace
  /** Another copy of the program than that of the working tree. */
  program?: string
}

export type Ours = {
  target: Target
  place: Place
  hub: ServerProcess | null
  servers: readonly ServerProcess[]
  logFiles: string[]
  /** All of its processes now: workers come and go. */
  pids(): number[]
  /** As `kill -9` in the middle of the work, and a new start on the same data. */
  killAndRestart(): Promise<void>
  /** Runs `ngshare ARGS`, told where the data is, to its end. */
  command(args: readonly string[]): Promise<CommandResult>
  /** Asks all of them to end; what is beneath them goes on, so that commands can look at the data. */
  stopServers(): Promise<Exit[]>
  stop(): Promise<void>
}

export type CommandResult = { code: number | null; said: string; complained: string }

/** Why it cannot be started here, or null. */
export function findObstacleToOurs(): string | null {
  return existsSync(OURS) ? null : 'bin/ngshare is missing'
}

export async function startOurs(options: OursOptions): Promise<Ours> {
  const { folder, shape, hubDelayMs, replicas, own, program = OURS } = options
  const place = await openPlace(shape, folder, own)
  const hub = hubDelayMs === null ? null : await startHub(folder, hubDelayMs)
  const identity: Identity = hub ? 'token' : 'argument'
  const servers: ServerProcess[] = []
  const logFiles: string[] = []
  async function stop(): Promise<void> {
    await Promise.all(servers.map(server => server.stop()))
    await hub?.stop()
    await place.close()
  }
  try {
    for (let index = 0; index < replicas; index++) {
      const port = await aFreePort()
      const logFile = join(folder, replicas === 1 ? 'server.log' : `server-${index}.log`)
      const server = new ServerProcess({
        command: process.execPath,
        args: [program, ...argsFor(options, place, hub ? null : port)],
        env: { ...(hub ? hubEnvironment(hub, port) : ENVIRONMENT), ...place.env },
        logFile,
        port,
      })
      servers.push(server)
      logFiles.push(logFile)
      await server.start()
    }
  } catch (error) {
    await stop()
    throw error
  }
  return {
    target: { ports: servers.map(({ port }) => port), identity },
    ...{ place, hub, servers, logFiles, stop },
    pids: () => servers.flatMap(({ pid }) => processTree(pid)),
    async killAndRestart() {
      for (const server of servers) await server.killAndRestart()
    },
    command: args => run([program, ...args, ...place.args], { ...ENVIRONMENT, ...place.env }),
    async stopServers() {
      const ends = servers.map(({ ended }) => ended)
      await Promise.all(servers.map(server => server.stop()))
      return Promise.all(ends)
    },
  }
}

function argsFor({ workers }: OursOptions, place: Place, standAlonePort: number | null): string[] {
  return [
    ...(standAlonePort === null ? [] : ['--vngshare', '--debug', '--port', String(standAlonePort)]),
    ...['--admins', ADMIN, '--host', '127.0.0.1'],
    ...(workers === null ? [] : ['--workers', String(workers)]),
    ...place.args,
  ]
}

function run(args: readonly string[], env: Record<string, string>): Promise<CommandResult> {
  return new Promise(resolve => {
    const options = { env, timeout: COMMAND_MS, maxBuffer: 1024 ** 3 }
    const child = execFile(process.execPath, args, options, (_, said, complained) => {
      resolve({ code: child.exitCode, said, complained })
    })
  })
}
