/** What the tests here have in common: servers for a file, and stores with a prefix of their own. */
import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll } from 'vitest'
import type { ContentStore } from '../../src/content/content-store.ts'
import type { S3Options } from '../../src/content/s3/s3-options.ts'
import { openS3Store } from '../../src/content/s3/s3-store.ts'
import { type S3Server, type S3ServerKind, startS3Server } from '../support/s3-server.ts'

/** One for all tests of the file; its keys are in this process's environment. */
export function aServerForTheFile(
  kind: S3ServerKind = 'minio',
  options: { name?: string } = {},
): () => S3Server {
  let server: S3Server | null = null
  beforeAll(async () => {
    server = await startS3Server(kind, options)
    Object.assign(process.env, server.environment)
  })
  afterAll(() => server?.close())
  return () => {
    if (server === null) throw new Error('the S3 server has not started yet')
    return server
  }
}

/** Where nothing is yet. */
export function optionsFor(server: S3Server, changes: Partial<S3Options> = {}): S3Options {
  return {
    bucket: server.bucket,
    prefix: `test-${randomBytes(6).toString('hex')}`,
    endpoint: server.endpoint,
    region: 'us-east-1',
    pathStyle: true,
    encryption: null,
    fewChecksums: false,
    caFile: server.caFile,
    ...changes,
  }
}

export function aStore(server: S3Server, changes: Partial<S3Options> = {}): Promise<ContentStore> {
  return openS3Store(optionsFor(server, changes))
}
