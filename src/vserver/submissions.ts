/** `submissions/<course>/<assignment>[/<student>]` and `submission/<course>/<assignment>[/<student>]`. */
import type { Exchange } from '../exchange/exchange.ts'
import { getStudent } from '../exchange/rosters.ts'
import {
  collectSubmission,
  listSubmissions,
  listSubmissionsOf,
  maySubmit,
  type SubmissionSummary,
  submitAssignment,
} from '../exchange/submissions.ts'
import type { Fields } from '../http/compat/answer.ts'
import { uploadedTree } from '../http/compat/upload.ts'
import { formatLocalTimestamp } from './local-time.ts'
import { type ApiRequest, filesAnswer, type Operation } from './operation.ts'

export function getSubmissions(exchange: Exchange): Operation {
  return async ({ caller, ids: { course, assignment } }) =>
    submissionFields(await listSubmissions(exchange, { caller, course, assignment }))
}

export function getStudentSubmissions(exchange: Exchange): Operation {
  return async request => {
    const submissions = await listSubmissionsOf(exchange, studentWorkOf(request))
    await requireStudent(exchange, request)
    return submissionFields(submissions)
  }
}

export function postSubmission(exchange: Exchange): Operation {
  return async ({ caller, ids: { course, assignment }, form, receivedAt }) => {
    const input = { caller, course, assignment, receivedAt }
    const tree = await uploadedTree(form, { alsoFromQuery: false, check: () => maySubmit(exchange, input) })
    await submitAssignment(exchange, { ...input, tree })
    return {}
  }
}

/** Always the latest. */
export function getSubmission(exchange: Exchange): Operation {
  return async request => {
    const input = studentWorkOf(request)
    await listSubmissionsOf(exchange, input)
    await requireStudent(exchange, request)
    const { receivedAt, tree } = await collectSubmission(exchange, { ...input, receivedAt: undefined })
    return filesAnswer(tree, request, { timestamp: formatLocalTimestamp(receivedAt) })
  }
}

export function studentWorkOf({ caller, ids }: ApiRequest) {
  return { caller, course: ids.course, assignment: ids.assignment, student: ids.user }
}

/**
 * Only students have submissions here, though instructors may submit. To be asked when the exchange's own checks have
 * passed, which come first. @throws Refusal `student-not-found`
 */
export async function requireStudent(exchange: Exchange, { caller, ids }: ApiRequest): Promise<void> {
  await getStudent(exchange, { caller, course: ids.course, username: ids.user })
}

function submissionFields(submissions: readonly SubmissionSummary[]): Fields {
  return {
    submissions: submissions.map(({ student, receivedAt }) => ({
      student_id: student,
      timestamp: formatLocalTimestamp(receivedAt),
    })),
  }
}
