/** Where large files are kept, when that is a bucket: whether all that the server does there works. */
import type { Config } from '../../config/config.ts'
import { isLoopbackHost } from '../../domain/loopback.ts'
import type { Ops } from '../command.ts'
import { type Finding, findings, messageOf } from './finding.ts'
import { tryBlob } from './try-blob.ts'

type Bucket = Extract<Config['storage'], { kind: 's3' }>

export async function checkBucket(ops: Ops, storage: Bucket): Promise<Finding[]> {
  const { ok, wrong } = findings('storage')
  const { text, options } = storage
  try {
    const store = await ops.openStorage(storage)
    try {
      await tryBlob(store)
      await store.check()
      // Nothing is so old: this only asks whether we may look.
      await store.removeUnplacedBefore(0)
    } finally {
      await store.close()
    }
  } catch (error) {
    return [wrong(messageOf(error), 'See to it at the object store, or correct --storage: docs/storage.md.')]
  }
  return [ok(`${text} takes objects and gives them back`), ...warnOfOpenLine(options.endpoint)]
}

function warnOfOpenLine(endpoint: string | null): Finding[] {
  const url = URL.parse(endpoint ?? 'https://')
  if (url === null || url.protocol === 'https:' || isLoopbackHost(url.hostname)) return []
  const { warning } = findings('storage')
  return [
    warning(
      `students' work goes to ${url.origin} without encryption`,
      'Use an https endpoint, unless nobody else can listen on the way.',
    ),
  ]
}
