/** `courses`, `course/<course>`, `assignments/<course>` and `assignment/<course>/<assignment>`. */
import {
  fetchAssignment,
  listAssignments,
  mayReleaseAssignment,
  releaseAssignment,
} from '../exchange/assignments.ts'
import { createCourse, listCourses } from '../exchange/courses.ts'
import type { Exchange } from '../exchange/exchange.ts'
import { uploadedTree } from '../http/compat/upload.ts'
import { filesAnswer, type Operation } from './operation.ts'

export function getCourses(exchange: Exchange): Operation {
  return async ({ caller }) => ({ courses: await listCourses(exchange, caller) })
}

/** Everyone is an admin for this one act, and the only instructor of what they create. */
export function postCourse(exchange: Exchange): Operation {
  return async ({ caller, ids }) => {
    const creator = { ...caller, isAdmin: true }
    await createCourse(exchange, { caller: creator, course: ids.course, instructors: [caller.name] })
    return {}
  }
}

export function getAssignments(exchange: Exchange): Operation {
  return async ({ caller, ids }) => ({
    assignments: await listAssignments(exchange, { caller, course: ids.course }),
  })
}

export function getAssignment(exchange: Exchange): Operation {
  return async request => {
    const { caller, ids } = request
    const { course, assignment } = ids
    return filesAnswer(await fetchAssignment(exchange, { caller, course, assignment }), request)
  }
}

export function postAssignment(exchange: Exchange): Operation {
  return async ({ caller, ids: { course, assignment }, form }) => {
    const input = { caller, course, assignment, overwrite: false }
    const check = () => mayReleaseAssignment(exchange, input)
    const tree = await uploadedTree(form, { alsoFromQuery: false, check })
    await releaseAssignment(exchange, { ...input, tree })
    return {}
  }
}
