// Where our server keeps its data: the two shapes in which it can be run.

import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'

/** `small`: SQLite and a folder. `large`: PostgreSQL and an S3 store, both started for the occasion. */
export type Shape = 'small' | 'large'
export const SHAPES: readonly Shape[] = ['small']

export type Place = {
  /** For the command line of every `ngshare` that is to use it. */
  args: string[]
  env: Record<string, string>
  /** In words, without passwords. */
  described: string
  /** Processes beneath the server, that somebody may want to watch. */
  processes: { name: string; pid: number }[]
  close(): Promise<void>
}

/** Instead of what the shape would use. */
export type OwnPlace = { database?: string | undefined; storage?: string | undefined }

export async function openPlace(shape: Shape, folder: string, own: OwnPlace = {}): Promise<Place> {
  if (shape === 'large') throw new Error('the large shape cannot be started here yet')
  const storage = own.storage ?? join(folder, 'files')
  if (own.storage === undefined) await mkdir(storage, { recursive: true })
  const database = own.database ?? `sqlite:///${join(folder, 'ngshare.db')}`
  return {
    args: ['--database', database, '--storage', storage],
    env: {},
    described: own.database || own.storage ? 'as given' : 'SQLite, files on the same disk',
    processes: [],
    close: async () => undefined,
  }
}
