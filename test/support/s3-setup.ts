/** For a vitest run with `NGSHARE_TEST_STORAGE=s3`: one S3 server for all of it, unless there is one already. */
import { startS3Server } from './s3-server.ts'

export default async function setup(): Promise<(() => Promise<void>) | undefined> {
  const isWanted = process.env.NGSHARE_TEST_STORAGE === 's3'
  if (!isWanted || process.env.NGSHARE_TEST_S3_STORAGE !== undefined) return undefined
  const server = await startS3Server()
  Object.assign(process.env, server.environment, { NGSHARE_TEST_S3_STORAGE: server.storage('') })
  return () => server.close()
}
