/** v1's words for what the exchange refuses: exactly those of ngshare 0.6, which clients and scripts compare. */
import { QuotaExceeded, type Refusal, type RefusalCode } from '../../domain/errors.ts'
import type { QuotaFacts } from '../../domain/quotas.ts'
import { type Failure, quotaWords } from '../errors.ts'

const permissionDenied = 'Permission denied'

/** Of the second API alone. */
type CodeOfV2 =
  | 'release-not-found'
  | 'feedback-not-found'
  | 'file-not-found'
  | 'files-missing'
  | 'too-many-uploads'
  | 'key-reused'

type CodeOfV1 = Exclude<RefusalCode, CodeOfV2>

/** `onlyInDebug`: said behind the message in debug mode. */
export const refusalFailures: Record<CodeOfV1, Failure & { onlyInDebug?: string }> = {
  'course-not-found': { status: 404, message: 'Course not found' },
  'course-exists': { status: 409, message: 'Course already exists' },
  'assignment-not-found': { status: 404, message: 'Assignment not found' },
  'assignment-exists': { status: 409, message: 'Assignment already exists' },
  'instructor-not-found': { status: 404, message: 'Instructor not found' },
  'student-not-found': { status: 404, message: 'Student not found' },
  'submission-not-found': { status: 404, message: 'Submission not found' },
  'not-admin': { status: 403, message: permissionDenied, onlyInDebug: ' (not admin)' },
  'not-instructor': { status: 403, message: permissionDenied, onlyInDebug: ' (not course instructor)' },
  'not-related': { status: 403, message: permissionDenied, onlyInDebug: ' (not related to course)' },
  'cannot-modify-instructors': { status: 403, message: `${permissionDenied} (cannot modify instructors)` },
  'cannot-modify-other-instructors': {
    status: 403,
    message: `${permissionDenied} (cannot modify other instructors)`,
  },
  'instructor-is-no-student': { status: 409, message: 'Cannot add instructor as student' },
  'illegal-name': {
    status: 400,
    message: 'Illegal name (a name has 1 to 255 bytes, no control characters, and is not . or ..)',
  },
  'illegal-path': { status: 400, message: 'Illegal path' },
  'checksum-mismatch': { status: 400, message: 'Checksum mismatch' },
  'content-not-base64': { status: 400, message: 'Content cannot be base64 decoded' },
  'quota-exceeded': {
    status: 413,
    message: 'Quota exceeded (limit: LIMIT bytes for WHAT; USED are used, and this would add WANTED)',
  },
}

export function wordRefusal(refusal: Refusal, debug: boolean): Failure {
  if (refusal instanceof QuotaExceeded) return wordQuota(refusal.facts)
  const { status, message, onlyInDebug } = refusalFailures[refusal.code as CodeOfV1]
  return { status, message: debug && onlyInDebug !== undefined ? message + onlyInDebug : message }
}

function wordQuota({ quota, limitBytes, usedBytes, wantedBytes }: QuotaFacts): Failure {
  const { status, message } = refusalFailures['quota-exceeded']
  const words = { LIMIT: limitBytes, WHAT: quotaWords[quota], USED: usedBytes, WANTED: wantedBytes }
  return {
    status,
    message: Object.entries(words).reduce(
      (text, [word, value]) => text.replace(word, String(value)),
      message,
    ),
  }
}
