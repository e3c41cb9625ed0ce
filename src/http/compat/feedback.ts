/** `feedback/<course>/<assignment>/<student>`. */
import { formatTimestamp, type Micros, parseTimestamp } from '../../domain/timestamp.ts'
import type { Exchange } from '../../exchange/exchange.ts'
import {
  fetchFeedback,
  mayFetchFeedback,
  mayReleaseFeedback,
  mayReleaseFeedbackFor,
  releaseFeedback,
} from '../../exchange/feedback.ts'
import { TreeAnswer } from './answer.ts'
import { InvalidArgument, isTrue, required } from './invalid-argument.ts'
import type { ApiRequest, Operation } from './operation.ts'
import { uploadedTree } from './upload.ts'

export function postFeedback(exchange: Exchange): Operation {
  return {
    access: 'user',
    async handle(request) {
      const input = feedbackOf(request)
      await mayReleaseFeedback(exchange, input)
      const receivedAt = timestampOf(await request.form.bodyArgument('timestamp'))
      const check = () => mayReleaseFeedbackFor(exchange, { ...input, receivedAt })
      const tree = await uploadedTree(request.form, { alsoFromQuery: false, check })
      await releaseFeedback(exchange, { ...input, receivedAt, tree })
      return {}
    },
  }
}

export function getFeedback(exchange: Exchange): Operation {
  return {
    access: 'user',
    async handle(request) {
      const input = feedbackOf(request)
      await mayFetchFeedback(exchange, input)
      const receivedAt = timestampOf(request.form.queryArgument('timestamp'))
      const listOnly = isTrue(await request.form.argument('list_only'))
      const tree = await fetchFeedback(exchange, { ...input, receivedAt })
      return new TreeAnswer({ tree, content: !listOnly, after: { timestamp: formatTimestamp(receivedAt) } })
    },
  }
}

function feedbackOf({ caller, ids }: ApiRequest) {
  return { caller, course: ids.course, assignment: ids.assignment, student: ids.user }
}

function timestampOf(text: string | undefined): Micros {
  const at = parseTimestamp(required(text, 'timestamp'))
  if (at === null) throw new InvalidArgument('Time format incorrect')
  return at
}
