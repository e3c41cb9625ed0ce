/** The contract of a content store on real S3 servers, in the ways in which one may talk to them. */
import { describeContentStore } from '../contracts/content-store.ts'
import { aServerForTheFile, aStore } from './servers.ts'

/** More than one part. */
const stagedBytes = 6 * 1024 * 1024

const minio = aServerForTheFile('minio')
describeContentStore('MinIO', () => aStore(minio()), { stagedBytes })
const encryption = { kind: 'aws:kms', keyId: 'tests' } as const
describeContentStore(
  'MinIO, with few checksums, encrypted',
  () => aStore(minio(), { fewChecksums: true, encryption }),
  { stagedBytes },
)
