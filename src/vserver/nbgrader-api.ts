/** The nbgrader API of March 2020 (contract §9.2). This file is its table of contents. */
import type { FastifyInstance } from 'fastify'
import { getAssignment, getAssignments, getCourses, postAssignment, postCourse } from './courses.ts'
import { getFeedback, postFeedback } from './feedback.ts'
import { type ApiContext, type Operation, runWith } from './operation.ts'
import { serve } from './routes.ts'
import { getStudentSubmissions, getSubmission, getSubmissions, postSubmission } from './submissions.ts'

export function serveNbgraderApi(app: FastifyInstance, context: ApiContext): void {
  const serveApi = (path: string, { GET, POST }: { GET?: Operation; POST?: Operation }) =>
    serve(app, `/api/${path}`, {
      access: 'user',
      ...(GET ? { GET: runWith(context, GET) } : {}),
      ...(POST ? { POST: runWith(context, POST) } : {}),
    })

  const { exchange } = context
  serveApi('courses', { GET: getCourses(exchange) })
  serveApi('course/:course', { POST: postCourse(exchange) })
  serveApi('assignments/:course', { GET: getAssignments(exchange) })
  serveApi('assignment/:course/:assignment', { GET: getAssignment(exchange), POST: postAssignment(exchange) })
  serveApi('submissions/:course/:assignment', { GET: getSubmissions(exchange) })
  serveApi('submissions/:course/:assignment/:user', { GET: getStudentSubmissions(exchange) })
  serveApi('submission/:course/:assignment', { POST: postSubmission(exchange) })
  serveApi('submission/:course/:assignment/:user', { GET: getSubmission(exchange) })
  serveApi('feedback/:course/:assignment/:user', { GET: getFeedback(exchange), POST: postFeedback(exchange) })
}
