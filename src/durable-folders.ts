/** Folders whose entries survive a loss of power: what was made, renamed or removed in them is on the disk. */
import { mkdir, open } from 'node:fs/promises'
import { dirname } from 'node:path'

/**
 * Makes a folder and those above it, where needed. One that is there already may have been made this moment by
 * another process that has not come to its sync, so its entry is synced all the same.
 */
export async function makeFolder(path: string): Promise<void> {
  const first = (await mkdir(path, { recursive: true })) ?? path
  for (let made = path; made.length >= first.length; made = dirname(made)) await syncFolder(dirname(made))
}

export async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r')
  await folder.sync().finally(() => folder.close())
}
