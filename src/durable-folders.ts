/** Folders whose entries survive a loss of power: what was made, renamed or removed in them is on the disk. */
import { lchown, mkdir, open, stat } from 'node:fs/promises'
import { dirname } from 'node:path'

/**
 * Makes a folder and those above it, where needed. One that is there already may have been made this moment by
 * another process that has not come to its sync, so its entry is synced all the same. `mode`: of those that are made.
 */
export async function makeFolder(path: string, options: { mode?: number } = {}): Promise<void> {
  const made = await mkdir(path, { recursive: true, ...options })
  const first = made ?? path
  if (made !== undefined) await giveToOwnerOf(dirname(made), foldersBetween(made, path))
  for (const folder of foldersBetween(first, path)) await syncFolder(dirname(folder))
}

/** The lower one first. */
function foldersBetween(upper: string, lower: string): string[] {
  const folders: string[] = []
  for (let folder = lower; folder.length >= upper.length; folder = dirname(folder)) folders.push(folder)
  return folders
}

export async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r')
  await folder.sync().finally(() => folder.close())
}

/**
 * What root makes in the folder of an account belongs to that account: a server that runs as it could not use it
 * otherwise. Nothing happens for anybody else.
 */
export async function giveToOwnerOf(folder: string, made: readonly string[]): Promise<void> {
  const owner = await ownerToGiveTo(folder)
  if (owner !== null) for (const path of made) await lchown(path, owner.uid, owner.gid)
}

/** Null: what we make in that folder may stay ours. */
export async function ownerToGiveTo(folder: string): Promise<{ uid: number; gid: number } | null> {
  if (process.geteuid?.() !== 0) return null
  const { uid, gid } = await stat(folder)
  return uid === 0 ? null : { uid, gid }
}
