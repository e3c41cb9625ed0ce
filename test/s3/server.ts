/**
 * An S3 server until it is told to stop, for tests that are no vitest:
 *
 *     node test/s3/server.ts [minio | versitygw] >environment
 *
 * Once it answers it prints `NAME=value` lines: the AWS variables, and NGSHARE_TEST_S3_STORAGE, a `--storage` without a
 * prefix. On SIGTERM or SIGINT it stops, and its data is gone.
 */
import { type S3ServerKind, startS3Server } from '../support/s3-server.ts'

const server = await startS3Server((process.argv[2] ?? 'minio') as S3ServerKind)
const lines = { ...server.environment, NGSHARE_TEST_S3_STORAGE: server.storage('') }
for (const [name, value] of Object.entries(lines)) process.stdout.write(`${name}='${value}'\n`)

const beat = setInterval(() => undefined, 60_000)
for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.once(signal, async () => {
    clearInterval(beat)
    await server.close()
    process.exit(0)
  })
}
