/** Listings of submissions as text, kept while nothing is added: teachers' tools ask for them again and again. */
import { formatTimestamp } from '../../domain/timestamp.ts'
import type { SubmissionState, SubmissionSummary } from '../../exchange/submissions.ts'
import { JsonText } from './answer.ts'
import { pythonString } from './python-json.ts'

const maxKeptBytes = 32 * 1024 * 1024

export class SubmissionLists {
  /** By assignment, the one used longest ago first. */
  readonly #kept = new Map<number, { state: SubmissionState; list: JsonText }>()
  #keptBytes = 0

  /**
   * The listing in that state, from memory or through `read`. Never out of date: submissions do not change, so that
   * as many of them with the same last one are the same ones, and a renaming shows in the state.
   */
  async get(state: SubmissionState, read: () => Promise<readonly SubmissionSummary[]>): Promise<JsonText> {
    const kept = this.#kept.get(state.assignmentId)
    this.#forget(state.assignmentId)
    const isSame =
      kept?.state.count === state.count &&
      kept.state.lastId === state.lastId &&
      kept.state.renamedAt === state.renamedAt
    const list = isSame ? kept.list : submissionList(await read())
    this.#keep(state, list)
    return list
  }

  #keep(state: SubmissionState, list: JsonText): void {
    this.#forget(state.assignmentId) // another request may have been faster
    this.#kept.set(state.assignmentId, { state, list })
    this.#keptBytes += list.bytes.length
    for (const oldest of this.#kept.keys()) {
      if (this.#keptBytes <= maxKeptBytes) break
      this.#forget(oldest)
    }
  }

  #forget(assignmentId: number): void {
    this.#keptBytes -= this.#kept.get(assignmentId)?.list.bytes.length ?? 0
    this.#kept.delete(assignmentId)
  }
}

/** Made straight from the rows: classes submit tens of thousands of times. */
export function submissionList(submissions: readonly SubmissionSummary[]): JsonText {
  const items = submissions.map(
    ({ student, receivedAt }) =>
      `{"student_id": ${pythonString(student)}, "timestamp": "${formatTimestamp(receivedAt)}"}`,
  )
  return new JsonText(`{"success": true, "submissions": [${items.join(', ')}]}`)
}
