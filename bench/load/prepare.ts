// Turns plans into bytes before the clock starts, so that sending is all that the load process does under measurement.

import type { Answer } from './answer-reader.ts'
import { buildUploadBody, downloadedContent, type FileSpec, stampUpload } from './content.ts'
import type { BodyPlan, Expectation, LoadJob, RequestPlan, Target } from './job.ts'

export type PreparedRequest = {
  head: Buffer
  body: Buffer | null
  /** Makes the upload differ from every other one. */
  stamp: (stamp: number) => void
  /** Null when the answer is right, else what is wrong with it. */
  findFault: (answer: Answer) => string | null
}

const PREFIX = '/api/'
const SUCCESS = ['"success": true', '"success":true']

// Every server gets the same bodies, and building one takes longer than some servers need to store it.
const bodies = new Map<string, Buffer>()

export function prepareRequests(job: LoadJob): PreparedRequest[] {
  return job.requests.map(plan => {
    const body = plan.body ? buildBody(plan.body) : null
    const isStampable = plan.body?.kind === 'file'
    return {
      head: buildHead(job.target, plan, body),
      body,
      stamp: stamp => {
        if (body && isStampable) stampUpload(body, stamp)
      },
      findFault: faultFinder(plan.expects),
    }
  })
}

function buildBody(plan: BodyPlan): Buffer {
  return plan.kind === 'file' ? bodyOf(plan.file) : Buffer.from(new URLSearchParams(plan.fields).toString())
}

function bodyOf(file: FileSpec): Buffer {
  const key = `${file.name} ${file.sizeBytes}`
  const known = bodies.get(key)
  if (known) return known
  const body = buildUploadBody(file)
  bodies.set(key, body)
  return body
}

function buildHead(target: Target, plan: RequestPlan, body: Buffer | null): Buffer {
  const separator = plan.path.includes('?') ? '&' : '?'
  const path =
    target.identity === 'argument'
      ? `${plan.path}${separator}user=${encodeURIComponent(plan.user)}`
      : plan.path
  const lines = [
    `${plan.method} ${PREFIX}${path} HTTP/1.1`,
    'Host: 127.0.0.1',
    'User-Agent: ngshare-bench',
    'Accept: */*',
    'Connection: keep-alive',
  ]
  if (target.identity === 'token') lines.push(`Authorization: token ${plan.user}`)
  if (body) lines.push(`Content-Length: ${body.length}`, 'Content-Type: application/x-www-form-urlencoded')
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1')
}

function faultFinder(expects: Expectation | undefined): (answer: Answer) => string | null {
  const findContentFault = expects ? contentFaultFinder(expects) : () => null
  return answer => {
    const beginning = answer.body.toString('latin1', 0, 120)
    if (answer.status !== 200) return `status ${answer.status}: ${beginning}`
    if (!SUCCESS.some(text => beginning.includes(text))) return `no success: ${beginning}`
    return findContentFault(answer.body)
  }
}

function contentFaultFinder(expects: Expectation): (body: Buffer) => string | null {
  switch (expects.kind) {
    case 'text':
      return body => (body.includes(expects.text) ? null : `the answer lacks ${expects.text}`)
    case 'file': {
      const content = downloadedContent(expects.file, expects.stamp)
      return body => (body.includes(content) ? null : `${expects.file.name} came back changed or not at all`)
    }
    case 'submissions':
      return submissionsFaultFinder(expects.count)
  }
}

function submissionsFaultFinder(expected: number): (body: Buffer) => string | null {
  // Counting ten thousand entries costs more than some servers need to list them; the same length was counted before.
  let lengthCounted = -1
  return body => {
    if (body.length === lengthCounted) return null
    const listed = body.toString('latin1').split('"student_id"').length - 1
    if (listed !== expected) return `${listed} submissions listed, expected ${expected}`
    lengthCounted = body.length
    return null
  }
}
