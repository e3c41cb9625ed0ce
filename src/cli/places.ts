/** Where nbgrader keeps things: folders named after people and assignments, and the time of a submission in a file. */
import { readFile } from 'node:fs/promises'
import { CommandFailed } from '../terminal/failure.ts'

/** In the folder of a submission: when it was received. nbgrader counts lateness by it. */
export const timestampFile = 'timestamp.txt'

/** `2026-11-22 19:43:50.238451`: UTC, as the plugin writes it and nbgrader reads it. */
export function timestampOf(moment: string): string {
  return moment.replace('T', ' ').replace('Z', '')
}

/** A moment as on the wire, of a timestamp that nbgrader or a plugin has written; null: it is none. */
function momentOf(timestamp: string): string | null {
  const [, day, time, fraction = ''] =
    /^(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d:\d\d)(?:\.(\d{1,6}))?(?: UTC|Z)?$/.exec(timestamp.trim()) ?? []
  return day === undefined ? null : `${day}T${time}.${fraction.padEnd(6, '0')}Z`
}

/** The moment that the timestamp in a folder names; null where there is none. */
export async function momentIn(folder: string): Promise<string | null> {
  try {
    return momentOf(await readFile(`${folder}/${timestampFile}`, 'utf8'))
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ENOTDIR') return null
    throw error
  }
}

/** For the folder of one of several attempts; without colons, which Windows does not take. */
export function attemptFolder(moment: string): string {
  return moment.replace('T', '_').replaceAll(':', '-').replace('Z', '')
}

/** A name of a course, an assignment or a person as the name of a folder. @throws CommandFailed where it is none */
export function folderName(name: string): string {
  const isForeign = process.platform === 'win32' ? /[<>:"/\\|?*]|[. ]$/ : /\//
  if (name === '.' || name === '..' || isForeign.test(name))
    throw new CommandFailed(`“${name}” cannot be the name of a folder`)
  return name
}
