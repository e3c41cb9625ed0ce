/** What an answer that is no success says: a problem of the service, or something that stands before it. */
import { ProblemError } from './errors.ts'
import type { Problem } from './operations.ts'

/** `text`: the body of the answer. */
export function problemIn(response: Response, text: string): ProblemError {
  const retryAfterMs = retryAfterIn(response.headers)
  const told = readProblem(response, text)
  return new ProblemError(told ?? standIn(response), retryAfterMs)
}

function readProblem(response: Response, text: string): Problem | null {
  if (!response.headers.get('content-type')?.includes('application/problem+json')) return null
  try {
    const problem = JSON.parse(text) as Partial<Problem>
    return typeof problem.detail === 'string' && typeof problem.code === 'string'
      ? { ...(problem as Problem), status: response.status }
      : null
  } catch {
    return null
  }
}

/** Proxies answer with pages of their own. */
function standIn(response: Response): Pick<Problem, 'status' | 'code' | 'detail'> {
  const { status } = response
  const location = response.headers.get('location')
  if (status >= 300 && status < 400) {
    const detail = `The server sends us to ${location ?? 'another page'}: log in, or use the address that it names`
    return { status, code: 'redirected', detail }
  }
  if (status === 404) {
    const detail =
      'There is no ngshare with this API at the address: look at the URL, and whether the server is a current one'
    return { status, code: 'no-service', detail }
  }
  return { status, code: 'no-problem', detail: `The answer was ${status} ${response.statusText}`.trimEnd() }
}

/** Seconds, or a date. */
function retryAfterIn(headers: Headers): number | null {
  const text = headers.get('retry-after')?.trim() ?? ''
  if (/^\d+$/.test(text)) return Number(text) * 1000
  const at = Date.parse(text)
  return Number.isNaN(at) ? null : Math.max(0, at - Date.now())
}
