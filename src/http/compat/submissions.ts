/** `submissions/<course>/<assignment>[/<student>]` and `submission/<course>/<assignment>[/<student>]`. */
import { formatTimestamp, parseTimestamp } from '../../domain/timestamp.ts'
import type { Exchange } from '../../exchange/exchange.ts'
import {
  collectSubmission,
  listSubmissions,
  listSubmissionsOf,
  maySubmit,
  type SubmissionSummary,
  submitAssignment,
} from '../../exchange/submissions.ts'
import { JsonText, TreeAnswer } from './answer.ts'
import { isTrue } from './invalid-argument.ts'
import type { Operation } from './operation.ts'
import { pythonString } from './python-json.ts'

export function getSubmissions(exchange: Exchange): Operation {
  return {
    access: 'user',
    async handle({ caller, ids }) {
      return submissionList(
        await listSubmissions(exchange, { caller, course: ids.course, assignment: ids.assignment }),
      )
    },
  }
}

export function getStudentSubmissions(exchange: Exchange): Operation {
  return {
    access: 'user',
    async handle({ caller, ids }) {
      const { course, assignment, user: student } = ids
      return submissionList(await listSubmissionsOf(exchange, { caller, course, assignment, student }))
    },
  }
}

export function postSubmission(exchange: Exchange): Operation {
  return {
    access: 'user',
    async handle({ caller, ids, form, receivedAt }) {
      const input = { caller, course: ids.course, assignment: ids.assignment, receivedAt }
      await maySubmit(exchange, input)
      const tree = await form.files({ alsoFromQuery: false })
      return { timestamp: formatTimestamp(await submitAssignment(exchange, { ...input, tree })) }
    },
  }
}

export function getSubmission(exchange: Exchange): Operation {
  return {
    access: 'user',
    async handle({ caller, ids, form }) {
      const { course, assignment, user: student } = ids
      const listOnly = isTrue(await form.argument('list_only'))
      const timestamp = (await form.argument('timestamp')) ?? ''
      const { receivedAt, tree } = await collectSubmission(exchange, {
        caller,
        course,
        assignment,
        student,
        receivedAt: timestamp === '' ? undefined : parseTimestamp(timestamp),
      })
      return new TreeAnswer({ tree, content: !listOnly, after: { timestamp: formatTimestamp(receivedAt) } })
    },
  }
}

/** Classes submit tens of thousands of times: the text is made straight from the rows. */
function submissionList(submissions: readonly SubmissionSummary[]): JsonText {
  const items = submissions.map(
    ({ student, receivedAt }) =>
      `{"student_id": ${pythonString(student)}, "timestamp": "${formatTimestamp(receivedAt)}"}`,
  )
  return new JsonText(`{"success": true, "submissions": [${items.join(', ')}]}`)
}
