/** `feedback/<course>/<assignment>/<student>`. */
import { Refusal } from '../domain/errors.ts'
import type { Micros } from '../domain/timestamp.ts'
import type { Exchange } from '../exchange/exchange.ts'
import {
  fetchFeedback,
  mayFetchFeedback,
  mayReleaseFeedback,
  mayReleaseFeedbackFor,
  releaseFeedback,
} from '../exchange/feedback.ts'
import { listSubmissionsOf } from '../exchange/submissions.ts'
import { InvalidArgument, required } from '../http/compat/invalid-argument.ts'
import { uploadedTree } from '../http/compat/upload.ts'
import { formatLocalTimestamp, normalizeLocalTimestamp } from './local-time.ts'
import { type ApiRequest, filesAnswer, type Operation } from './operation.ts'
import { requireStudent, studentWorkOf } from './submissions.ts'

export function postFeedback(exchange: Exchange): Operation {
  return async request => {
    const work = studentWorkOf(request)
    await mayReleaseFeedback(exchange, work)
    await requireStudent(exchange, request)
    const receivedAt = await momentOf(exchange, request, await request.form.bodyArgument('timestamp'))
    const check = () => mayReleaseFeedbackFor(exchange, { ...work, receivedAt })
    const tree = await uploadedTree(request.form, { alsoFromQuery: false, check })
    await releaseFeedback(exchange, { ...work, receivedAt, tree })
    return {}
  }
}

export function getFeedback(exchange: Exchange): Operation {
  return async request => {
    const work = studentWorkOf(request)
    await mayFetchFeedback(exchange, work)
    await requireStudent(exchange, request)
    const receivedAt = await momentOf(exchange, request, request.query.get('timestamp') ?? undefined)
    const tree = await fetchFeedback(exchange, { ...work, receivedAt })
    return filesAnswer(tree, request, { timestamp: formatLocalTimestamp(receivedAt) })
  }
}

/** Of the submission that carries this timestamp. @throws InvalidArgument, Refusal `submission-not-found` */
async function momentOf(exchange: Exchange, request: ApiRequest, text: string | undefined): Promise<Micros> {
  const timestamp = normalizeLocalTimestamp(required(text, 'timestamp'))
  if (timestamp === null) throw new InvalidArgument('Time format incorrect')
  const submissions = await listSubmissionsOf(exchange, studentWorkOf(request))
  const submission = submissions.find(({ receivedAt }) => formatLocalTimestamp(receivedAt) === timestamp)
  if (submission === undefined) throw new Refusal('submission-not-found')
  return submission.receivedAt
}
