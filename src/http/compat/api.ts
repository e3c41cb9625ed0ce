/** v1: the HTTP API of ngshare 0.6, at the prefix. This file is its table of contents. */
import type { FastifyInstance } from 'fastify'
import { listCourses } from '../../exchange/courses.ts'
import { renderHomePage } from '../../web/home-page.tsx'
import { renderWelcomePage } from '../../web/welcome-page.tsx'
import { PageAnswer } from './answer.ts'
import {
  deleteAssignment,
  getAssignment,
  getAssignments,
  postAssignment,
  putAssignment,
} from './assignments.ts'
import { deleteCourse, getCourses, postCourse } from './courses.ts'
import { debugPage } from './debug-page.ts'
import { getCourseEvents, getOwnEvents } from './events.ts'
import { getFeedback, postFeedback } from './feedback.ts'
import { getLimits } from './limits.ts'
import { type ApiContext, type Operation, resource } from './operation.ts'
import { getOneReceipt, getReceiptKeys } from './receipts.ts'
import {
  deleteInstructor,
  deleteStudent,
  getInstructors,
  getOneInstructor,
  getOneStudent,
  getStudents,
  postInstructor,
  postStudent,
  postStudents,
} from './rosters.ts'
import { getStudentSubmissions, getSubmission, getSubmissions, postSubmission } from './submissions.ts'

export function registerApi(app: FastifyInstance, context: ApiContext): void {
  const { exchange, prefix, debug } = context
  const isStandAlone = context.authenticator.login === null
  const serve = (path: string, operations: Parameters<typeof resource>[3]) =>
    resource(app, context, prefix + path, operations)

  serve('', { GET: welcomePage(context) })
  serve('courses', { GET: getCourses(exchange) })
  serve('course/:course', { POST: postCourse(exchange), DELETE: deleteCourse(exchange) })
  serve('instructors/:course', { GET: getInstructors(exchange) })
  serve('instructor/:course/:user', {
    GET: getOneInstructor(exchange),
    POST: postInstructor(exchange),
    DELETE: deleteInstructor(exchange),
  })
  serve('students/:course', { GET: getStudents(exchange), POST: postStudents(exchange) })
  serve('student/:course/:user', {
    GET: getOneStudent(exchange),
    POST: postStudent(exchange),
    DELETE: deleteStudent(exchange),
  })
  serve('assignments/:course', { GET: getAssignments(exchange) })
  serve('assignment/:course/:assignment', {
    GET: getAssignment(exchange),
    POST: postAssignment(exchange),
    PUT: putAssignment(exchange),
    DELETE: deleteAssignment(exchange),
  })
  serve('limits', { GET: getLimits(context) })
  serve('submissions/:course/:assignment', { GET: getSubmissions(exchange) })
  serve('submissions/:course/:assignment/:user', { GET: getStudentSubmissions(exchange) })
  serve('submission/:course/:assignment', { POST: postSubmission(exchange) })
  serve('submission/:course/:assignment/:user', { GET: getSubmission(exchange) })
  serve('feedback/:course/:assignment/:user', { GET: getFeedback(exchange), POST: postFeedback(exchange) })
  serve('receipt/:course/:assignment/:user', { GET: getOneReceipt(exchange) })
  serve('receipt-keys', { GET: getReceiptKeys(exchange) })
  serve('events', { GET: getOwnEvents(exchange) })
  serve('events/:course', { GET: getCourseEvents(exchange) })
  if (debug && isStandAlone)
    serve('initialize-Data6ase', { GET: debugPage(exchange), POST: debugPage(exchange) })
}

function welcomePage({ prefix, debug, exchange, authenticator }: ApiContext): Operation {
  return {
    access: 'page',
    async handle({ caller, xsrfToken, origin }) {
      const page =
        authenticator.login === null
          ? renderWelcomePage({ prefix, debug, userName: caller.name, origin })
          : renderHomePage({
              prefix,
              userName: caller.name,
              isAdmin: caller.isAdmin,
              courses: await listCourses(exchange, caller),
              xsrfToken,
            })
      return new PageAnswer(page)
    },
  }
}
