/** Submissions, their receipts and the feedback to them. */
import { Type } from 'typebox'
import { Refusal } from '../../domain/errors.ts'
import type { AssignmentRef, Caller, Exchange } from '../../exchange/exchange.ts'
import { fetchFeedback, mayReleaseFeedbackFor, releaseFeedback } from '../../exchange/feedback.ts'
import { listSubmissionEntries, type SubmissionEntry } from '../../exchange/listings/submissions.ts'
import { getReceipt } from '../../exchange/receipts.ts'
import { collectSubmission, maySubmit } from '../../exchange/submissions.ts'
import { submitManifest } from '../../exchange/submit-manifest.ts'
import { treeOf } from '../../exchange/uploads.ts'
import type { V2App, V2Context } from './api.ts'
import { ArchiveQuery, FileQuery, filesOf } from './assignments.ts'
import { callerOf } from './callers.ts'
import { readCursor, writeCursor } from './cursors.ts'
import { takesManifest } from './large-bodies.ts'
import { answers, archive, bytes, nothing, ofAssignment, ofSubmission, ofUsers } from './routes.ts'
import {
  formatMoment,
  Manifest,
  Name,
  NewTree,
  PageQuery,
  pageOf,
  Receipt,
  Submission,
  Submitted,
} from './schemas.ts'
import { sendArchive, sendFile, sendManifest } from './tree-answers.ts'

const tags = ['submissions']

export function registerSubmissions(app: V2App, { exchange, limits }: V2Context): void {
  app.get(
    '/submissions',
    {
      ...ofUsers,
      schema: {
        operationId: 'listSubmissions',
        summary: 'Your own submissions, and those of the courses that you teach, with notebooks and feedback',
        tags,
        querystring: Type.Object(
          {
            course: Type.Optional(Name),
            assignment: Type.Optional(Name),
            student: Type.Optional(Name),
            own: Type.Optional(Type.Boolean({ description: 'Only your own, whatever you teach' })),
            newestOnly: Type.Optional(Type.Boolean({ description: 'Of each student and assignment' })),
            ...PageQuery,
          },
          { additionalProperties: false },
        ),
        response: answers({ 200: pageOf(Submission) }),
      },
    },
    async request => {
      const { limit = 100, cursor, ...filter } = request.query
      const after = readCursor(cursor, 'number')
      const input = { caller: callerOf(request), ...filter, limit, after }
      const { items, next } = await listSubmissionEntries(exchange, input)
      return { items: items.map(told), next: writeCursor(next) }
    },
  )

  app.post(
    '/courses/:course/assignments/:assignment/submissions',
    {
      ...ofUsers,
      ...takesManifest(limits, request => {
        const { student } = request.query as { student?: unknown }
        const input = { caller: callerOf(request), ...(request.params as AssignmentRef) }
        return maySubmit(exchange, typeof student === 'string' ? { ...input, student } : input)
      }),
      schema: {
        operationId: 'submitAssignment',
        summary: 'Submit. Repeated with the same Idempotency-Key it answers the same and submits once',
        description:
          'With an Idempotency-Key the time of a submission is when its list of files first came: where files are missing, send them within an hour and repeat the request.',
        tags,
        params: ofAssignment,
        querystring: Type.Object(
          {
            student: Type.Optional(
              Type.String({ ...Name, description: 'For instructors: on behalf of whom' }),
            ),
          },
          { additionalProperties: false },
        ),
        headers: Type.Object({
          'idempotency-key': Type.Optional(
            Type.String({ minLength: 1, maxLength: 255, pattern: '^[!-~]+$' }),
          ),
        }),
        body: NewTree,
        response: answers({ 201: Submitted }),
      },
    },
    async (request, reply) => {
      const { 'idempotency-key': key } = request.headers
      const input = { caller: callerOf(request), ...request.params, ...request.query }
      const submitted = await submitManifest(exchange, {
        ...input,
        receivedAt: request.receivedAt,
        files: filesOf(request.body),
        limits,
        ...(key === undefined ? {} : { key }),
      })
      return reply.code(201).send({ id: submitted.receiptId, receivedAt: formatMoment(submitted.receivedAt) })
    },
  )

  app.get(
    '/submissions/:submission',
    {
      ...ofUsers,
      schema: {
        operationId: 'getSubmission',
        summary: 'One submission',
        tags,
        params: ofSubmission,
        response: answers({ 200: Submission }),
      },
    },
    async request => told(await find(exchange, callerOf(request), request.params)),
  )

  app.get(
    '/submissions/:submission/receipt',
    {
      ...ofUsers,
      schema: {
        operationId: 'getReceipt',
        summary: 'The signed receipt of a submission',
        tags,
        params: ofSubmission,
        response: answers({ 200: Receipt }),
      },
    },
    async request => {
      const caller = callerOf(request)
      const receipt = await getReceipt(exchange, {
        caller,
        ...(await find(exchange, caller, request.params)),
      })
      return { ...receipt, files: [...receipt.files] }
    },
  )

  const trees = [
    { path: '', of: 'Submission', what: 'a submission', read: readSubmission },
    { path: '/feedback', of: 'Feedback', what: 'the feedback to a submission', read: readFeedback },
  ] as const
  for (const { path, of, what, read } of trees) {
    app.get(
      `/submissions/:submission${path}/manifest`,
      {
        ...ofUsers,
        schema: {
          operationId: `get${of}Manifest`,
          summary: `The files of ${what}`,
          tags,
          params: ofSubmission,
          response: answers({ 200: Manifest, 304: nothing }),
        },
      },
      async (request, reply) => {
        const caller = callerOf(request)
        const tree = await read(exchange, caller, await find(exchange, caller, request.params))
        return sendManifest(request, reply, tree)
      },
    )

    app.get(
      `/submissions/:submission${path}/files`,
      {
        ...ofUsers,
        schema: {
          operationId: `get${of}File`,
          summary: `One file of ${what}, or a range of it`,
          tags,
          params: ofSubmission,
          querystring: FileQuery,
          response: answers({ 200: bytes, 206: bytes, 304: nothing }),
        },
      },
      async (request, reply) => {
        const caller = callerOf(request)
        const submission = await find(exchange, caller, request.params)
        const tree = await read(exchange, caller, submission)
        return sendFile(request, reply, { exchange, tree, path: request.query.path })
      },
    )

    app.get(
      `/submissions/:submission${path}/archive`,
      {
        ...ofUsers,
        schema: {
          operationId: `get${of}Archive`,
          summary: `All files of ${what}, as a zip or tar file`,
          tags,
          params: ofSubmission,
          querystring: ArchiveQuery,
          response: answers({ 200: archive, 304: nothing }),
        },
      },
      async (request, reply) => {
        const caller = callerOf(request)
        const submission = await find(exchange, caller, request.params)
        const { format = 'zip' } = request.query
        return sendArchive(request, reply, {
          exchange,
          tree: await read(exchange, caller, submission),
          format,
          at: submission.receivedAt,
          name: `${submission.student}-${submission.assignment}`,
        })
      },
    )
  }

  app.put(
    '/submissions/:submission/feedback',
    {
      ...ofUsers,
      ...takesManifest(limits, async request => {
        const caller = callerOf(request)
        const submission = await find(exchange, caller, request.params as { submission: string })
        await mayReleaseFeedbackFor(exchange, { caller, ...submission })
      }),
      schema: {
        operationId: 'releaseFeedback',
        summary: 'Return feedback to a submission, in place of what was returned before',
        tags,
        params: ofSubmission,
        body: NewTree,
        response: answers({ 200: Submission }),
      },
    },
    async request => {
      const caller = callerOf(request)
      const submission = { caller, ...(await find(exchange, caller, request.params)) }
      const tree = await treeOf(exchange, { ...submission, files: filesOf(request.body), limits })
      await releaseFeedback(exchange, { ...submission, tree })
      return told(await find(exchange, caller, request.params))
    },
  )
}

/** What the caller may not see is not found either: ids tell nothing. @throws Refusal `submission-not-found` */
async function find(
  exchange: Exchange,
  caller: Caller,
  params: { submission: string },
): Promise<SubmissionEntry> {
  const id = Number(/^(\d{1,15})-[0-9a-f]{12}$/.exec(params.submission)?.[1] ?? Number.NaN)
  const found = Number.isNaN(id)
    ? []
    : (await listSubmissionEntries(exchange, { caller, id, limit: 1 })).items
  const [entry] = found
  if (entry === undefined || entry.id !== params.submission) throw new Refusal('submission-not-found')
  return entry
}

async function readSubmission(exchange: Exchange, caller: Caller, submission: SubmissionEntry) {
  return (await collectSubmission(exchange, { caller, ...submission })).tree
}

async function readFeedback(exchange: Exchange, caller: Caller, submission: SubmissionEntry) {
  const tree = await fetchFeedback(exchange, { caller, ...submission })
  if (tree === null) throw new Refusal('feedback-not-found')
  return tree
}

function told({ id, course, assignment, student, receivedAt, tree, feedback }: SubmissionEntry) {
  return {
    ...{ id, course, assignment, student },
    receivedAt: formatMoment(receivedAt),
    tree: { ...tree, notebooks: [...tree.notebooks] },
    feedback:
      feedback === null
        ? null
        : { ...feedback, releasedAt: formatMoment(feedback.releasedAt), files: [...feedback.files] },
  }
}
