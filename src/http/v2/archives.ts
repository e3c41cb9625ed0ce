/** Directory trees packed while they are read: nothing is gathered. */
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { pack } from 'tar-stream'
import { ZipFile } from 'yazl'
import type { Micros } from '../../domain/timestamp.ts'

export type ArchiveFormat = 'zip' | 'tar'

interface Entry {
  readonly path: string
  readonly sizeBytes: number
  readonly isExecutable: boolean
}

type Contents = AsyncIterable<AsyncIterable<Buffer> | readonly Buffer[]>

/** `contents`: of the files, in their order, each to be read before the next. The archive ends badly when they do. */
export function archiveOf(input: {
  format: ArchiveFormat
  files: readonly Entry[]
  at: Micros
  contents: Contents
}): Readable {
  return input.format === 'zip' ? zip(input) : tar(input)
}

function tar({ files, at, contents }: { files: readonly Entry[]; at: Micros; contents: Contents }): Readable {
  const archive = pack()
  const mtime = new Date(at / 1000)
  const write = async () => {
    const next = contents[Symbol.asyncIterator]()
    for (const { path, sizeBytes, isExecutable } of files) {
      const content = await next.next()
      if (content.done) throw new Error('a directory tree has fewer contents than files')
      const entry = archive.entry({ name: path, size: sizeBytes, mode: modeOf(isExecutable), mtime })
      await pipeline(Readable.from(content.value, { objectMode: false }), entry)
    }
    archive.finalize()
  }
  write().catch(error => archive.destroy(error))
  return Readable.from(archive as AsyncIterable<Buffer>, { objectMode: false })
}

/** Stored, not deflated: notebooks are small, and what is large is mostly packed already. */
function zip({ files, at, contents }: { files: readonly Entry[]; at: Micros; contents: Contents }): Readable {
  const archive = new ZipFile()
  const next = contents[Symbol.asyncIterator]()
  const output = archive.outputStream as Readable
  for (const { path, sizeBytes, isExecutable } of files) {
    const options = {
      size: sizeBytes,
      compress: false,
      mtime: new Date(at / 1000),
      mode: modeOf(isExecutable),
    }
    archive.addReadStreamLazy(path, options, callback => {
      next.next().then(
        content => {
          if (content.done) {
            output.destroy(new Error('a directory tree has fewer contents than files'))
            return
          }
          const stream = Readable.from(content.value, { objectMode: false })
          stream.on('error', error => output.destroy(error))
          callback(null, stream)
        },
        error => output.destroy(error),
      )
    })
  }
  archive.on('error', error => output.destroy(error as Error))
  archive.end()
  return output
}

function modeOf(isExecutable: boolean): number {
  return isExecutable ? 0o100755 : 0o100644
}
