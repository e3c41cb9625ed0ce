/** `courses` and `course/<course>`. */
import { createCourse, hideCourse, listCourses, mayCreateCourse } from '../../exchange/courses.ts'
import type { Exchange } from '../../exchange/exchange.ts'
import { incorrectFormat, isText, parseJson } from './invalid-argument.ts'
import type { Operation } from './operation.ts'

export function getCourses(exchange: Exchange): Operation {
  return {
    access: 'user',
    handle: async ({ caller }) => ({ courses: await listCourses(exchange, caller) }),
  }
}

export function postCourse(exchange: Exchange): Operation {
  return {
    access: 'user',
    async handle({ caller, ids, form }) {
      await mayCreateCourse(exchange, { caller, course: ids.course })
      const instructors = instructorsOf((await form.argument('instructors')) ?? '[]')
      await createCourse(exchange, { caller, course: ids.course, instructors })
      return {}
    },
  }
}

export function deleteCourse(exchange: Exchange): Operation {
  return {
    access: 'user',
    async handle({ caller, ids }) {
      await hideCourse(exchange, { caller, course: ids.course })
      return {}
    },
  }
}

function instructorsOf(text: string): string[] {
  const instructors = parseJson(text, 'Instructors')
  const areNames = Array.isArray(instructors) && instructors.every(name => isText(name) && name !== '')
  if (!areNames) throw incorrectFormat()
  return instructors
}
