/** Stores a directory tree on the server: first its list, then what the server lacks, then its list again. */
import type { Client } from './client.ts'
import { ProblemError, TransferFailed } from './errors.ts'
import type { LocalFile } from './local-tree.ts'
import type { Operations } from './operations.ts'
import { sideBySide } from './side-by-side.ts'

export type NewTree = Operations['submitAssignment']['body']

export interface Sent {
  readonly files: number
  readonly sizeBytes: number
}

/**
 * `store` says what the tree is to be: a release, a submission, feedback. It is called until no file is missing, and is
 * to send the same Idempotency-Key each time. @throws ProblemError, NoAnswer, FileChanged
 */
export async function uploadTree<Stored>(
  client: Client,
  input: {
    readonly course: string
    readonly files: readonly LocalFile[]
    readonly store: (tree: NewTree) => Promise<Stored>
    /** After each piece that was sent. */
    readonly onProgress?: (sent: { readonly sentBytes: number; readonly missingBytes: number }) => void
    readonly signal?: AbortSignal
  },
): Promise<{ readonly stored: Stored; readonly sent: Sent }> {
  const { course, files, store, onProgress, signal } = input
  const tree = { files: files.map(({ path, sha256, isExecutable }) => ({ path, sha256, isExecutable })) }
  const sent = new Map<string, LocalFile>()
  for (;;) {
    const outcome = await storedOrMissing(() => store(tree))
    if ('stored' in outcome) return { stored: outcome.stored, sent: sumOf([...sent.values()]) }
    const missing = new Set(outcome.problem.missing)
    const lacking = files.filter(({ sha256 }) => missing.delete(sha256))
    // Said to be missing after it was sent, or none of ours: asking on would not end.
    if (lacking.length === 0 || lacking.some(({ sha256 }) => sent.has(sha256))) throw outcome.problem
    const missingBytes = sumOf(lacking).sizeBytes
    let sentBytes = 0
    await sideBySide(lacking, async file => {
      await sendFile(client, {
        course,
        file,
        ...(signal === undefined ? {} : { signal }),
        onPiece: size => {
          sentBytes += size
          onProgress?.({ sentBytes, missingBytes })
        },
      })
      sent.set(file.sha256, file)
    })
  }
}

async function storedOrMissing<Stored>(
  store: () => Promise<Stored>,
): Promise<{ stored: Stored } | { problem: ProblemError }> {
  try {
    return { stored: await store() }
  } catch (error) {
    if (error instanceof ProblemError && error.code === 'files-missing') return { problem: error }
    throw error
  }
}

/** The file is no longer what its checksum was taken of. */
export class FileChanged extends TransferFailed {
  constructor(path: string) {
    super(`${path} changed while it was read; try again when nothing writes to it`)
  }
}

async function sendFile(
  client: Client,
  {
    course,
    file,
    signal,
    onPiece,
  }: { course: string; file: LocalFile; signal?: AbortSignal; onPiece: (sizeBytes: number) => void },
): Promise<void> {
  let counted = 0
  async function* content() {
    onPiece(-counted) // of an attempt that failed
    counted = 0
    for await (const chunk of file.read()) {
      yield chunk
      counted += chunk.length
      onPiece(chunk.length)
    }
  }
  try {
    await client.send('uploadFile', { path: { course, sha256: file.sha256 }, content, signal })
  } catch (error) {
    if (error instanceof ProblemError && error.code === 'checksum-mismatch') throw new FileChanged(file.path)
    throw error
  }
}

function sumOf(files: readonly LocalFile[]): Sent {
  return { files: files.length, sizeBytes: files.reduce((sum, file) => sum + file.sizeBytes, 0) }
}
