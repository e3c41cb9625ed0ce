/** `submissions/<course>/<assignment>[/<student>]` and `submission/<course>/<assignment>[/<student>]`. */
import { formatTimestamp, parseTimestamp } from '../../domain/timestamp.ts'
import type { Exchange } from '../../exchange/exchange.ts'
import {
  collectSubmission,
  getSubmissionState,
  listSubmissions,
  listSubmissionsOf,
  maySubmit,
  submitAssignment,
} from '../../exchange/submissions.ts'
import { TreeAnswer } from './answer.ts'
import { isTrue } from './invalid-argument.ts'
import type { Operation } from './operation.ts'
import { SubmissionLists, submissionList } from './submission-lists.ts'
import { uploadedTree } from './upload.ts'

export function getSubmissions(exchange: Exchange): Operation {
  const lists = new SubmissionLists()
  return {
    access: 'user',
    async handle({ caller, ids }) {
      const input = { caller, course: ids.course, assignment: ids.assignment }
      return lists.get(await getSubmissionState(exchange, input), () => listSubmissions(exchange, input))
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
      const tree = await uploadedTree(form, { alsoFromQuery: false, check: () => maySubmit(exchange, input) })
      const submitted = await submitAssignment(exchange, { ...input, tree })
      return { timestamp: formatTimestamp(submitted.receivedAt), receipt: submitted.receiptId }
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
