// Where it happens: a small disk with the data, a fake hub, and the server on a copy of the program.

import { execFile } from 'node:child_process'
import { rmSync } from 'node:fs'
import { cp, mkdir, mkdtemp, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { SmallDisk } from '../../test/faults/small-disk.ts'
import { formOf } from '../../test/faults/student-work.ts'
import { aFreePort } from '../../test/support/ports.ts'
import { hubEnvironment, startHub } from '../peers/hub.ts'
import { ADMIN } from '../peers/ours.ts'
import type { ServerProcess } from '../peers/server-process.ts'
import { Victim } from './victim.ts'
import { ask, formWith } from './wire.ts'
import { ASSIGNMENT, COURSE, INSTRUCTOR, RELEASED } from './work.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
/** Shorter than by default, so that a stall of seconds is felt. */
const HUB_TIMEOUT_S = 1
const COMMAND_MS = 120_000

export type Scene = {
  folder: string
  database: string
  storage: string
  /** Null: such a disk cannot be had here, for this reason. */
  disk: SmallDisk | null
  noDiskBecause: string | null
  hub: ServerProcess
  victim: Victim
  /** The server's. */
  logFile: string
  /** Runs `ngshare ARGS`, told where the data is, to its end. */
  command(args: readonly string[], options?: { withData?: boolean }): Promise<CommandResult>
  /** Ends all processes and, unless `keep`, leaves nothing behind. */
  close(options: { keep: boolean }): Promise<void>
}

export type CommandResult = { code: number | null; said: string; complained: string }

export async function openScene({ diskMegabytes }: { diskMegabytes: number }): Promise<Scene> {
  const folder = await mkdtemp(join(tmpdir(), 'ngshare-chaos-'))
  // The processes that write there are being killed at that moment.
  const removeFolder = () => rmSync(folder, { recursive: true, force: true, maxRetries: 10 })
  process.once('exit', removeFolder) // also when somebody interrupts the run
  const smallDisk = new SmallDisk()
  const noDiskBecause = smallDisk.mount(diskMegabytes)
  if (noDiskBecause !== null) smallDisk.unmount()
  const disk = noDiskBecause === null ? smallDisk : null
  const data = join(disk?.folder ?? folder, 'data')
  await mkdir(data)
  const database = join(data, 'ngshare.db')
  const storage = join(data, 'files')
  const place = ['--database', `sqlite:///${database}`, '--storage', storage]

  const program = await copyProgram(join(folder, 'program'))
  const hub = await startHub(folder, 5)
  const port = await aFreePort()
  const logFile = join(folder, 'server.log')
  const victim = new Victim({
    command: process.execPath,
    args: [
      program,
      ...place,
      '--admins',
      ADMIN,
      '--host',
      '127.0.0.1',
      '--hub-timeout-seconds',
      String(HUB_TIMEOUT_S),
    ],
    env: hubEnvironment(hub, port),
    logFile,
    port,
  })
  return {
    folder,
    database,
    storage,
    disk,
    noDiskBecause,
    hub,
    victim,
    logFile,
    command: (args, { withData = true } = {}) => run([program, ...args, ...(withData ? place : [])]),
    async close({ keep }) {
      await victim.stop()
      await hub.stop()
      if (keep && disk !== null) await cp(data, join(folder, 'data'), { recursive: true })
      if (keep) process.off('exit', removeFolder)
      disk?.unmount()
    },
  }
}

/** It is started many times: somebody who builds meanwhile must not change it. */
async function copyProgram(folder: string): Promise<string> {
  for (const part of ['bin', 'dist', 'package.json'])
    await cp(join(ROOT, part), join(folder, part), { recursive: true })
  await symlink(join(ROOT, 'node_modules'), join(folder, 'node_modules'))
  return join(folder, 'bin/ngshare')
}

function run(args: readonly string[]): Promise<CommandResult> {
  const options = { env: { PATH: process.env.PATH ?? '' }, timeout: COMMAND_MS, maxBuffer: 1024 ** 3 }
  return new Promise(resolve => {
    const child = execFile(process.execPath, args, options, (_, said, complained) => {
      resolve({ code: child.exitCode, said, complained })
    })
  })
}

/** The course, its students, and the assignment that is due. */
export async function openCourse(scene: Scene, students: readonly string[]): Promise<void> {
  const roster = students.map(username => ({ username, first_name: '', last_name: '', email: '' }))
  const post = async (user: string, path: string, form: Buffer) => {
    const { status, fields } = await ask(scene.victim.port, user, path, form)
    if (status !== 200) throw new Error(`${path} was refused with ${status}: ${JSON.stringify(fields)}`)
  }
  await post(ADMIN, `course/${COURSE}`, formWith({ instructors: JSON.stringify([INSTRUCTOR]) }))
  await post(INSTRUCTOR, `students/${COURSE}`, formWith({ students: JSON.stringify(roster) }))
  await post(INSTRUCTOR, `assignment/${COURSE}/${ASSIGNMENT}`, formOf(RELEASED))
}
