/** The contract over TLS, with the bucket in the name of the host: as most stores outside of one's own house want it. */
import dns from 'node:dns'
import { syncBuiltinESMExports } from 'node:module'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { describeContentStore } from '../contracts/content-store.ts'
import { aServerForTheFile, aStore } from './servers.ts'

const name = 's3.test'
/** More than one part. */
const stagedBytes = 6 * 1024 * 1024

const { lookup } = dns
const asked = new Set<string>()
beforeAll(() => {
  const here = (host: string, ...rest: unknown[]) => {
    asked.add(host)
    return Reflect.apply(lookup, dns, [
      host === name || host.endsWith(`.${name}`) ? '127.0.0.1' : host,
      ...rest,
    ])
  }
  dns.lookup = here as typeof lookup
  syncBuiltinESMExports()
})
afterAll(() => {
  dns.lookup = lookup
  syncBuiltinESMExports()
})

const minio = aServerForTheFile('minio', { name })
describeContentStore(
  'MinIO over TLS, with the bucket in its name',
  () => aStore(minio(), { pathStyle: false }),
  {
    stagedBytes,
  },
)

it('has the bucket in the name of the host', async () => {
  const store = await aStore(minio(), { pathStyle: false })
  await store.check()
  expect(asked).toContain(`${minio().bucket}.${name}`)
})
