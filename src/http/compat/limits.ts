/** `limits`: what may be uploaded, so that clients can look before they send it. Ours; the old server had no such call. */
import { noQuotas } from '../../domain/quotas.ts'
import { getUse } from '../../exchange/quotas.ts'
import { InvalidArgument } from './invalid-argument.ts'
import type { ApiContext, Operation } from './operation.ts'

/** With `course` and `assignment` also what is stored there. */
export function getLimits({ exchange, limits }: Pick<ApiContext, 'exchange' | 'limits'>): Operation {
  return {
    access: 'user',
    async handle({ caller, form }) {
      const course = form.queryArgument('course') ?? ''
      const assignment = form.queryArgument('assignment') ?? ''
      if ((course === '') !== (assignment === ''))
        throw new InvalidArgument('Please supply course and assignment, or neither')
      const use = await getUse(exchange, { caller, ref: course === '' ? null : { course, assignment } })
      const { assignmentBytes, userBytes, courseBytes } = exchange.quotas ?? noQuotas
      return {
        limits: {
          file_bytes: limits.maxFileBytes,
          tree_bytes: limits.maxTreeBytes ?? null,
          body_bytes: limits.maxBodyBytes,
          files: limits.maxFiles,
          assignment_bytes: assignmentBytes,
          user_bytes: userBytes,
          course_bytes: courseBytes,
        },
        used: { assignment_bytes: use.assignment, user_bytes: use.user, course_bytes: use.course },
      }
    },
  }
}
