/** What routes have in common. */
import { type TSchema, Type } from 'typebox'
import { Name, Problem } from './schemas.ts'

/** The second half of a route's options: people and services that say who they are. */
export const ofUsers = { config: { access: 'user' }, prefixTrailingSlash: 'slash' } as const

const problem = { description: 'A problem', content: { 'application/problem+json': { schema: Problem } } }

/** What Node refuses before there is a request, whatever API it was for. */
const tooLong = {
  description: 'The request line or its headers are too long: 16 KiB together',
  content: {
    'application/json': { schema: Type.Object({ success: Type.Literal(false), message: Type.String() }) },
  },
}

/** The answers of a route: those given, and problems. */
export function answers<const Answers extends Record<number, TSchema | object>>(given: Answers) {
  return { ...given, 431: tooLong, '4xx': problem, '5xx': problem }
}

/** 204. */
export const nothing = Type.Null({ description: 'Done' })

const binary = { schema: Type.Unsafe<unknown>({ type: 'string', format: 'binary' }) }

/** Bytes as they are. */
export const bytes = { description: 'The bytes', content: { 'application/octet-stream': binary } }

/** Of a whole tree. */
export const archive = {
  description: 'The archive',
  content: { 'application/zip': binary, 'application/x-tar': binary },
}

/** The names in the paths of routes. */
export const ofCourse = Type.Object({ course: Name })
export const ofMember = Type.Object({ course: Name, user: Name })
export const ofAssignment = Type.Object({ course: Name, assignment: Name })
export const ofSubmission = Type.Object({ submission: Name })
