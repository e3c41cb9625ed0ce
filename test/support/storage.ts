/**
 * Where the services of the tests keep large files: in a folder, or, with `NGSHARE_TEST_STORAGE=s3`, in buckets of a real
 * S3 server, one for each folder of services. The server is started for the run (`s3-setup.ts`), or is the one that
 * NGSHARE_TEST_S3_STORAGE and the AWS variables name (`test/s3/server.ts`).
 */
import { createHash } from 'node:crypto'
import { readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  CreateBucketCommand,
  DeleteBucketCommand,
  DeleteObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  S3Client,
} from '@aws-sdk/client-s3'
import { dataAccess } from '../../src/compose.ts'
import { readStorageSetting } from '../../src/config/storage-setting.ts'
import type { ContentStore } from '../../src/content/content-store.ts'

const isInS3 = process.env.NGSHARE_TEST_STORAGE === 's3'

/** From so many bytes on something of a blob is in the store before it is placed. */
export const stagedBytes = isInS3 ? 6 * 1024 * 1024 : 1000

/** As `--storage` takes it, for services whose database is in that folder. What is there already stays there. */
export async function storageFor(folder: string): Promise<string> {
  if (!isInS3) return join(folder, 'files')
  const server = URL.parse(process.env.NGSHARE_TEST_S3_STORAGE ?? '')
  if (server === null)
    throw new Error('NGSHARE_TEST_STORAGE=s3 needs a server: run vitest with its own configuration')
  const bucket = `test-${createHash('sha256').update(folder).digest('hex').slice(0, 24)}`
  const storage = `s3://${bucket}/files${server.search}`
  await withClient(storage, async client => {
    await client.send(new CreateBucketCommand({ Bucket: bucket })).catch(error => {
      if (error.name !== 'BucketAlreadyOwnedByYou') throw error
    })
  })
  return storage
}

/** As another process would open it. */
export function openStorage(storage: string): Promise<ContentStore> {
  const config = readStorageSetting(storage, expected => {
    throw new Error(`a test has a storage that is not ${expected}`)
  })
  return dataAccess.openStorage(config)
}

/** Staged ones, too. */
export async function countStoredFiles(storage: string): Promise<number> {
  if (!isInS3) return countFiles(storage)
  return withClient(storage, async (client, bucket) => {
    const objects = await client.send(new ListObjectsV2Command({ Bucket: bucket }))
    const uploads = await client.send(new ListMultipartUploadsCommand({ Bucket: bucket }))
    // An empty object is a note that names another.
    const isFile = ({ Size }: { Size?: number | undefined }) => Size !== 0
    return (objects.Contents ?? []).filter(isFile).length + (uploads.Uploads ?? []).length
  })
}

/** What was stored is lost. */
export async function removeStoredFiles(storage: string): Promise<void> {
  if (!isInS3) {
    for (const path of await filesIn(storage)) await rm(path)
    return
  }
  await withClient(storage, removeObjects)
}

/** The place itself is gone, as after an unmount. */
export async function removeStorage(storage: string): Promise<void> {
  if (!isInS3) return rm(storage, { recursive: true })
  await withClient(storage, async (client, bucket) => {
    await removeObjects(client, bucket)
    await client.send(new DeleteBucketCommand({ Bucket: bucket }))
  })
}

/** Housekeeping reads the clock of the disk by an empty file, there for a moment: what is empty is looked at twice. */
async function countFiles(folder: string): Promise<number> {
  const sizes = await Promise.all((await filesIn(folder)).map(path => stat(path).catch(() => null)))
  if (sizes.every(found => found !== null && found.size > 0)) return sizes.length
  await sleep(100)
  return (await filesIn(folder)).length
}

async function filesIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  return entries.filter(entry => entry.isFile()).map(entry => join(entry.parentPath, entry.name))
}

async function removeObjects(client: S3Client, bucket: string): Promise<void> {
  const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket: bucket }))
  for (const { Key } of Contents) await client.send(new DeleteObjectCommand({ Bucket: bucket, Key }))
}

async function withClient<Result>(
  storage: string,
  act: (client: S3Client, bucket: string) => Promise<Result>,
): Promise<Result> {
  const url = new URL(storage)
  const [endpoint, region] = [url.searchParams.get('endpoint') ?? '', url.searchParams.get('region') ?? '']
  const client = new S3Client({ endpoint, region, forcePathStyle: true })
  try {
    return await act(client, url.host)
  } finally {
    client.destroy()
  }
}
