// What is handed out, handed in and handed back: made again from a few numbers whenever it is needed.

import { createHash } from 'node:crypto'
import { manifestDigest, type ReceiptFile } from '../../src/domain/receipt.ts'
import { Random } from '../random.ts'
import { asInAnswer, asInForm, LINE_BYTES, type Pool, type Stretch } from './pool.ts'

/** A file: one line of its own, so that no other file has the same bytes, and a stretch of what everybody has. */
type File = { path: string; ownLine: string; stretch: Stretch }
export type Work = readonly File[]

export const ASSIGNMENT = 'ps1'
const NOTEBOOK = `${ASSIGNMENT}.ipynb`
const STAMP_FILE = 'timestamp.txt'
const HANDED_OUT: File = {
  path: 'data/handed out.csv',
  ownLine: 'for everyone',
  stretch: stretchOf(0, 15_000),
}

/** The task, and the data that comes back with every submission. */
export const RELEASED: Work = [
  { path: NOTEBOOK, ownLine: 'the task', stretch: stretchOf(1000, 20_000) },
  HANDED_OUT,
]
export const RELEASED_BYTES = sizeOf(RELEASED)

/** Who pressed the button, and which time it was. */
export type Attempt = { student: string; serial: number }

/** What is handed in. The notebook takes what the rest leaves of the size; from a megabyte on most of it is a picture. */
export function submissionOf({ student, serial }: Attempt, sizeBytes: number): Work {
  const name = `${student} ${serial}`
  const random = new Random(name)
  const place = () => random.whole(0, 1_000_000)
  const rest = Math.max(LINE_BYTES, sizeBytes - sizeOf([HANDED_OUT]) - 3 * LINE_BYTES)
  const notebook = rest > 1_000_000 ? random.whole(50_000, 300_000) : rest
  return [
    { path: STAMP_FILE, ownLine: `attempt ${name}`, stretch: { from: 0, lines: 0 } },
    { path: NOTEBOOK, ownLine: `notebook ${name}`, stretch: stretchOf(place(), notebook) },
    HANDED_OUT,
    ...(notebook < rest
      ? [{ path: 'plot.png', ownLine: `plot ${name}`, stretch: stretchOf(place(), rest - notebook) }]
      : []),
  ]
}

/** What comes back for a submission, 60 to 200 KB of HTML. */
export function feedbackOn({ student, serial }: Attempt): Work {
  const name = `feedback ${student} ${serial}`
  const random = new Random(name)
  const stretch = stretchOf(random.whole(0, 1_000_000), random.whole(60_000, 200_000))
  return [{ path: `${ASSIGNMENT}.html`, ownLine: name, stretch }]
}

export function sizeOf(work: Work): number {
  return work.reduce((sum, { stretch }) => sum + (stretch.lines + 1) * LINE_BYTES, 0)
}

/** The body that python-requests makes of `{'files': json.dumps([{'path': …, 'content': …}])}`. */
export function formOf(work: Work, pool: Pool): Buffer[] {
  return [
    Buffer.from(`files=${quoted('[')}`),
    ...work.flatMap(({ path, ownLine, stretch }, position) => [
      Buffer.from(quoted(`${position === 0 ? '' : ', '}{"path": ${JSON.stringify(path)}, "content": "`)),
      Buffer.from(asInForm(encoded(ownLine))),
      ...pool.inForm(stretch),
      Buffer.from(quoted('"}')),
    ]),
    Buffer.from(quoted(']')),
  ]
}

/** What an answer must have between its brackets, byte for byte; `checksum` says what is told of each file. */
export function inAnswer(work: Work, pool: Pool, checksum: (file: number) => string): Buffer[] {
  return work.flatMap(({ path, ownLine, stretch }, position) => {
    const head = `${position === 0 ? '' : ', '}{"path": ${JSON.stringify(path)}, "checksum": "${checksum(position)}"`
    return [
      Buffer.from(`${head}, "content": "${asInAnswer(encoded(ownLine))}`),
      ...pool.inAnswer(stretch),
      Buffer.from('"}'),
    ]
  })
}

export type Digests = { files: ReceiptFile[]; md5: string[]; manifest: string }

export function digestsOf(work: Work, pool: Pool): Digests {
  const md5: string[] = []
  const files = work.map(({ path, ownLine, stretch }): ReceiptFile => {
    const pieces = [ownBytes(ownLine), ...pool.raw(stretch)]
    md5.push(hashOf('md5', pieces))
    const sizeBytes = (stretch.lines + 1) * LINE_BYTES
    return { path, sizeBytes, sha256: hashOf('sha256', pieces), isExecutable: false }
  })
  return { files, md5, manifest: manifestDigest(files) }
}

/** Which attempt a stored submission comes from; null: nobody of ours has sent that. */
export function attemptIn(files: readonly { path: string; content: string }[]): Attempt | null {
  const stamp = files.find(({ path }) => path === STAMP_FILE)
  const text = Buffer.from(stamp?.content ?? '', 'base64').toString()
  const found = /^attempt (\S+) (\d+) *$/.exec(text)
  return found === null ? null : { student: found[1] ?? '', serial: Number(found[2]) }
}

function stretchOf(from: number, sizeBytes: number): Stretch {
  return { from, lines: Math.max(0, Math.round(sizeBytes / LINE_BYTES) - 1) }
}

function ownBytes(ownLine: string): Buffer {
  return Buffer.from(ownLine.padEnd(LINE_BYTES))
}

function encoded(ownLine: string): string {
  return ownBytes(ownLine).toString('base64')
}

function hashOf(algorithm: 'md5' | 'sha256', pieces: readonly Buffer[]): string {
  const hash = createHash(algorithm)
  for (const piece of pieces) hash.update(piece)
  return hash.digest('hex')
}

function quoted(text: string): string {
  return encodeURIComponent(text).replaceAll('%20', '+')
}
