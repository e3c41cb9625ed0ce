/** What students hand in, and how it travels. */
import { createHash } from 'node:crypto'

export interface WorkFile {
  readonly path: string
  readonly bytes: Buffer
}

export type Work = readonly WorkFile[]

/** Bytes that look random, and are the same for the same seed. */
export function bytesOf(seed: string, size: number): Buffer {
  return createHash('shake256', { outputLength: size }).update(seed).digest()
}

/** One notebook of that size, which nobody else has. */
export function aNotebook(seed: string, size: number): Work {
  return [{ path: 'notebook.ipynb', bytes: bytesOf(seed, size) }]
}

/** The form that python-requests makes of `{'files': json.dumps([{'path': …, 'content': base64.encodebytes(…)}])}`. */
export function formOf(work: Work): Buffer {
  return Buffer.concat([...formPieces(work)])
}

/** Encoded this many bytes at a time: whole lines of base64. */
const pieceBytes = 57 * 4096

export function* formPieces(work: Work): Generator<Buffer> {
  yield Buffer.from(`files=${quoted('[')}`)
  for (const [position, { path, bytes }] of work.entries()) {
    const head = `${position === 0 ? '' : ', '}{"path": ${JSON.stringify(path)}, "content": "`
    yield Buffer.from(quoted(head))
    for (let at = 0; at < bytes.length; at += pieceBytes) {
      const lines = bytes
        .subarray(at, at + pieceBytes)
        .toString('base64')
        .replace(/.{1,76}/g, '$&\\n')
      yield Buffer.from(quoted(lines))
    }
    yield Buffer.from(quoted('"}'))
  }
  yield Buffer.from(quoted(']'))
}

function quoted(text: string): string {
  return encodeURIComponent(text).replaceAll('%20', '+')
}

/** The files of an answer. @throws when one does not have the checksum that the answer gives it */
export function workIn(fields: Readonly<Record<string, unknown>>): Work {
  const files = fields.files as { path: string; content: string; checksum: string }[]
  return files.map(({ path, content, checksum }) => {
    const bytes = Buffer.from(content, 'base64')
    const md5 = createHash('md5').update(bytes).digest('hex')
    if (md5 !== checksum) throw new Error(`${path} should have the checksum ${checksum}, and has ${md5}`)
    return { path, bytes }
  })
}

/** Short, and equal for equal files only: to be compared where the bytes themselves would flood a report. */
export function summaryOf(work: Work): string {
  return work
    .map(({ path, bytes }) => `${path} ${bytes.length} ${createHash('sha256').update(bytes).digest('hex')}`)
    .join('\n')
}
