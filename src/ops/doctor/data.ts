/** Where the data is: whether it can be read and written, and whether there is room. */
import { constants } from 'node:fs'
import { access, stat, statfs } from 'node:fs/promises'
import { userInfo } from 'node:os'
import { dirname } from 'node:path'
import type { Config } from '../../config/config.ts'
import { databaseText, databaseWords } from '../../config/database-url.ts'
import { errorCode } from '../../domain/errors.ts'
import type { Ops } from '../command.ts'
import { checkBucket } from './bucket.ts'
import { type Finding, findings, messageOf } from './finding.ts'
import { tryBlob } from './try-blob.ts'

type Places = Pick<Config, 'database' | 'storage'>

const mib = 1024 * 1024

/** What is written for a trial would belong to the wrong user otherwise, and be in the way of the server. */
export async function checkAccount({ database, storage }: Places): Promise<Finding> {
  const { ok, warning, skipped } = findings('account')
  const own = process.getuid?.()
  const isFile = database.kind === 'sqlite'
  if (storage.kind === 's3' && !isFile) return ok('nothing is kept on this machine')
  const place = await nearest(
    storage.kind === 'disk' ? storage.folder : dirname(isFile ? database.path : '/'),
  )
  const known = isFile && (await exists(database.path)) ? database.path : place
  const owner = (await stat(known)).uid
  if (own === undefined) return skipped('this system has no users as we know them')
  const { username } = userInfo()
  if (own === owner) return ok(`you are ${username}, to whom ${known} belongs`)
  return warning(
    `you are ${username}, but ${known} belongs to user ${owner}: whether the server may write is not tested`,
    `Run the doctor as the user of the server: sudo -u '#${owner}' ngshare doctor …`,
  )
}

export async function checkStorage(
  ops: Ops,
  { storage }: Places,
  { mayTry }: { mayTry: boolean },
): Promise<Finding[]> {
  if (storage.kind === 's3') return checkBucket(ops, storage)
  const { folder } = storage
  const { ok, wrong, skipped } = findings('storage')
  const found = await checkFolder('storage', folder)
  if (found !== null) return [found]
  if (!mayTry) return [skipped(`${folder} is there`)]
  try {
    const store = await ops.openContent(folder)
    await tryBlob(store)
  } catch (error) {
    return [
      wrong(messageOf(error), `Make ${folder} a folder in which the server may create and rename files.`),
    ]
  }
  return [
    ok(`${folder} takes files, makes them durable and gives them back`),
    ...(await checkKind('storage', folder)),
  ]
}

interface DatabaseOptions {
  readonly mayTry: boolean
  readonly newestSchema: string
  /** Whether to read all of it. */
  readonly integrity: boolean
}

/** `newestMs`: when the last submission came in; null where that is not known. */
export async function checkDatabase(
  ops: Ops,
  places: Places,
  options: DatabaseOptions,
): Promise<{ found: Finding[]; newestMs: number | null }> {
  const { skipped } = findings('database')
  const words = databaseWords(places.database)
  const path = places.database.kind === 'sqlite' ? places.database.path : null
  const before = path === null ? null : await checkFile(ops, { path, ...places.database }, options)
  if (before !== null) return { found: [before], newestMs: null }
  const kind = path === null ? [] : await checkKind('database', dirname(path))
  const { storage } = places
  if (options.mayTry && (storage.kind !== 'disk' || (await exists(storage.folder)))) {
    const { found, newestMs } = await tryDatabase(ops, places, options)
    return { found: [found, ...kind], newestMs }
  }
  const found = skipped(`whether ${words} is sound and takes writes was not tested`)
  return { found: [found, ...kind], newestMs: null }
}

/** Without a change to it, not even of its schema. Null: it can be opened. */
async function checkFile(
  ops: Ops,
  { path, upgrade }: { path: string; upgrade: boolean },
  { newestSchema }: DatabaseOptions,
): Promise<Finding | null> {
  const { ok, warning, wrong } = findings('database')
  if (!(await exists(path)))
    return (
      (await checkFolder('database', dirname(path))) ?? ok(`${path} is not there yet; the server makes it`)
    )
  const denied = (await whyDenied('database', dirname(path))) ?? (await whyDenied('database', path))
  if (denied !== null) return denied
  let schema: string
  try {
    const copy = await ops.openCopy(path)
    schema = copy.schema
    await copy.close()
  } catch (error) {
    return wrong(
      messageOf(error),
      'Name another file with --database, or restore this one: `ngshare restore`. What a Python ngshare wrote is brought over by `ngshare import`.',
    )
  }
  if (schema > newestSchema) {
    return wrong(
      `${path} was written by a newer ngshare (${schema}; this one knows ${newestSchema})`,
      'Install the newer version again.',
    )
  }
  if (schema === newestSchema) return null
  const says = `${path} is of an older ngshare (${schema})`
  return upgrade
    ? warning(says, 'The server upgrades it when it starts. Make a backup of the files before.')
    : wrong(says, 'Start the server once without --no-upgrade-db, after a backup of the files.')
}

async function tryDatabase(
  ops: Ops,
  { database, storage }: Places,
  { integrity }: DatabaseOptions,
): Promise<{ found: Finding; newestMs: number | null }> {
  const { ok, wrong } = findings('database')
  const words = databaseWords(database)
  try {
    const { exchange, close } = await ops.open({ database: databaseText(database), storage: storage.text })
    try {
      await exchange.db.check()
      const last = await exchange.db.read
        .selectFrom('submissions')
        .select('received_at')
        .orderBy('id', 'desc')
        .limit(1)
        .executeTakeFirst()
      const newestMs = last === undefined ? null : last.received_at / 1000
      const [fault, ...more] = integrity ? await exchange.db.findFaults() : []
      if (fault === undefined)
        return { found: ok(`${words} ${integrity ? 'is sound' : 'opens'} and takes writes`), newestMs }
      const found = wrong(
        `${words} is damaged: ${JSON.stringify(fault)}${more.length > 0 ? ` and ${more.length} more` : ''}`,
        'Stop the server, keep a copy of the files, and restore the last backup: `ngshare restore`. `ngshare verify` says more.',
      )
      return { found, newestMs }
    } finally {
      await close()
    }
  } catch (error) {
    return {
      found: wrong(
        messageOf(error),
        database.kind === 'sqlite'
          ? 'See whether the disk is full or broken, and what holds the file.'
          : 'See whether PostgreSQL runs and lets this user in; its own log says more.',
      ),
      newestMs: null,
    }
  }
}

/** Null: it is there. What is to become a folder must have one above it in which it can be made. */
async function checkFolder(about: string, folder: string): Promise<Finding | null> {
  const { ok, wrong } = findings(about)
  const place = await nearest(folder)
  if (!(await stat(place)).isDirectory())
    return wrong(`${place} is no folder`, `Choose another place with --${about}, or move the file away.`)
  const denied = await whyDenied(about, place)
  if (denied !== null) return denied
  return place === folder ? null : ok(`${folder} is not there yet; the server makes it`)
}

async function whyDenied(about: string, path: string): Promise<Finding | null> {
  const { wrong } = findings(about)
  const { username } = userInfo()
  try {
    await access(path, constants.R_OK | constants.W_OK)
    return null
  } catch (error) {
    return wrong(
      `${username} may not read and write ${path} (${errorCode(error)})`,
      `Give it to the user of the server: chown -R ${username} ${path}`,
    )
  }
}

/** The folder, or the nearest above it that is there. */
async function nearest(folder: string): Promise<string> {
  return (await exists(folder)) || folder === dirname(folder) ? folder : nearest(dirname(folder))
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  )
}

const remoteKinds: Readonly<Record<number, string>> = { 26985: 'NFS', 4283649346: 'CIFS', 4266872130: 'SMB' }
const tmpfs = 0x01021994

/** SQLite's log does not work over a network, whatever it seems at first. */
async function checkKind(about: 'database' | 'storage', folder: string): Promise<Finding[]> {
  const { warning, wrong } = findings(about)
  const { type } = await statfs(folder)
  const remote = remoteKinds[type]
  if (type === tmpfs)
    return [
      warning(`${folder} is in memory: it is lost when the machine stops`, `Choose a disk with --${about}.`),
    ]
  if (remote === undefined) return []
  if (about === 'storage')
    return [
      warning(
        `${folder} is on ${remote}`,
        'Make sure that it survives a crash of its server; a local disk is quicker.',
      ),
    ]
  return [
    wrong(
      `${folder} is on ${remote}, where SQLite loses data`,
      'Put the database on a local disk with --database.',
    ),
  ]
}

export interface Room {
  readonly freeBytes: number
  readonly totalBytes: number
  readonly freeInodes: number
  /** 0: the file system has no such limit. */
  readonly totalInodes: number
}

export async function roomIn(folder: string): Promise<Room & { folder: string }> {
  const place = await nearest(folder)
  const { bavail, blocks, bsize, ffree, files } = await statfs(place)
  return {
    folder: place,
    freeBytes: bavail * bsize,
    totalBytes: blocks * bsize,
    freeInodes: ffree,
    totalInodes: files,
  }
}

/** Both places, where they are on two disks. How much a bucket takes nobody says. */
export async function checkSpace({
  database,
  storage,
  limits,
}: Places & Pick<Config, 'limits'>): Promise<Finding[]> {
  const places: string[] = []
  if (storage.kind === 'disk') places.push(await nearest(storage.folder))
  if (database.kind === 'sqlite') places.push(await nearest(dirname(database.path)))
  const devices = new Map<number, string>()
  for (const place of places.toReversed()) devices.set((await stat(place)).dev, place)
  const found: Finding[] = []
  for (const place of devices.values()) found.push(...judgeRoom(await roomIn(place), limits))
  return found
}

/** Measured by the largest upload: one of it must fit many times. */
export function judgeRoom(
  { folder, freeBytes, totalBytes, freeInodes, totalInodes }: Room & { folder: string },
  { maxBodyBytes }: { maxBodyBytes: number },
): Finding[] {
  const { ok, warning, wrong } = findings('disk')
  const share = (part: number, whole: number) => `${Math.floor((100 * part) / Math.max(whole, 1))}%`
  const space = `${Math.floor(freeBytes / mib)} MiB (${share(freeBytes, totalBytes)}) free at ${folder}`
  const fix =
    'Free some, enlarge the disk, or see who uses it: `ngshare usage`. `ngshare sweep` removes what is left over.'
  const found: Finding[] = []
  if (freeBytes < 2 * maxBodyBytes) found.push(wrong(`only ${space}: uploads will fail`, fix))
  else if (freeBytes < 20 * maxBodyBytes) found.push(warning(`only ${space}`, fix))
  if (totalInodes > 0) {
    const inodes = `${freeInodes} inodes (${share(freeInodes, totalInodes)}) free at ${folder}`
    const inodeFix = 'Remove files that nobody needs, or move the storage to a file system with more inodes.'
    if (freeInodes < 1000) found.push(wrong(`only ${inodes}: no file can be added soon`, inodeFix))
    else if (freeInodes < 50_000 && freeInodes < totalInodes / 20)
      found.push(warning(`only ${inodes}`, inodeFix))
  }
  return found.length > 0 ? found : [ok(space)]
}
