/** Submitting by a list of files: those that the server lacks may come after it. */
import { manifestDigest } from '../domain/receipt.ts'
import type { Micros } from '../domain/timestamp.ts'
import { ensureUser } from './access.ts'
import { announce } from './announcements.ts'
import type { Exchange } from './exchange.ts'
import {
  findSubmitted,
  getSubmitTarget,
  type SubmitInput,
  type Submitted,
  submitAssignment,
} from './submissions.ts'
import { FilesMissing, type ManifestFile, type TreeLimits, treeOf } from './uploads.ts'

interface ManifestInput extends SubmitInput {
  readonly receivedAt: Micros
  readonly files: readonly ManifestFile[]
  readonly limits: TreeLimits
  /** What the client calls this submission. */
  readonly key?: string
}

/**
 * Submits, or says what must be sent first. With a key the moment of the first try is remembered, and is the
 * submission's when the same list comes again, complete, within an hour.
 * @throws Refusal as `submitAssignment`, `illegal-path`; TooLarge; FilesMissing
 */
export async function submitManifest(exchange: Exchange, input: ManifestInput): Promise<Submitted> {
  const { key } = input
  if (key === undefined) return submitAssignment(exchange, { ...input, tree: await treeOf(exchange, input) })
  const { id: assignmentId, student } = await getSubmitTarget(exchange.db.read, input)
  const digest = manifestDigest(input.files)
  const known = await findSubmitted(exchange.db.read, { student, key, assignmentId, digest })
  if (known !== null) return known
  try {
    return await submitAssignment(exchange, { ...input, tree: await treeOf(exchange, input) })
  } catch (error) {
    if (!(error instanceof FilesMissing)) throw error
    throw new FilesMissing(error.sha256s, await remember(exchange, { ...input, key, digest }))
  }
}

/** As of when the submission counts. */
function remember(
  exchange: Exchange,
  input: ManifestInput & { key: string; digest: string },
): Promise<Micros> {
  const { caller, key, digest, receivedAt: at } = input
  return exchange.db.write(async trx => {
    const { id: assignmentId, student } = await getSubmitTarget(trx, input)
    const callerId = await ensureUser(trx, caller.name, at)
    const userId = await ensureUser(trx, student, at)
    return announce(trx, { callerId, userId, assignmentId, key, digest, at })
  })
}
