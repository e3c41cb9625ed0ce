/** `instructor(s)/<course>[/<user>]` and `student(s)/<course>[/<user>]`. */
import type { Exchange } from '../../exchange/exchange.ts'
import {
  getInstructor,
  getStudent,
  listInstructors,
  listStudents,
  type Member,
  type MemberDetails,
  mayChangeRoster,
  removeInstructor,
  removeStudent,
  setInstructor,
  setStudent,
  setStudents,
} from '../../exchange/rosters.ts'
import type { Form } from '../form/form.ts'
import type { Fields } from './answer.ts'
import { InvalidArgument, incorrectFormat, isText, parseJson, required } from './invalid-argument.ts'
import type { ApiRequest, Operation } from './operation.ts'
import { refusalFailures } from './refusals.ts'

export function getInstructors(exchange: Exchange): Operation {
  return {
    access: 'user',
    async handle({ caller, ids }) {
      const instructors = await listInstructors(exchange, { caller, course: ids.course })
      return { instructors: instructors.map(memberFields) }
    },
  }
}

export function getStudents(exchange: Exchange): Operation {
  return {
    access: 'user',
    async handle({ caller, ids }) {
      const students = await listStudents(exchange, { caller, course: ids.course })
      return { students: students.map(memberFields) }
    },
  }
}

export function getOneInstructor(exchange: Exchange): Operation {
  return {
    access: 'user',
    handle: async request => memberFields(await getInstructor(exchange, memberOf(request))),
  }
}

export function getOneStudent(exchange: Exchange): Operation {
  return {
    access: 'user',
    handle: async request => memberFields(await getStudent(exchange, memberOf(request))),
  }
}

export function postInstructor(exchange: Exchange): Operation {
  return {
    access: 'user',
    async handle(request) {
      await mayChangeRoster(exchange, memberOf(request))
      await setInstructor(exchange, { ...memberOf(request), ...(await detailsOf(request.form)) })
      return {}
    },
  }
}

export function postStudent(exchange: Exchange): Operation {
  return {
    access: 'user',
    async handle(request) {
      await mayChangeRoster(exchange, memberOf(request))
      await setStudent(exchange, { ...memberOf(request), ...(await detailsOf(request.form)) })
      return {}
    },
  }
}

export function postStudents(exchange: Exchange): Operation {
  return {
    access: 'user',
    async handle({ caller, ids, form }) {
      await mayChangeRoster(exchange, { caller, course: ids.course })
      const students = studentsOf(await form.argument('students'))
      const outcome = await setStudents(exchange, { caller, course: ids.course, students })
      const { message } = refusalFailures['instructor-is-no-student']
      return {
        status: outcome.map(({ username, isStudent }) =>
          isStudent ? { username, success: true } : { username, success: false, message },
        ),
      }
    },
  }
}

export function deleteInstructor(exchange: Exchange): Operation {
  return {
    access: 'user',
    async handle(request) {
      await removeInstructor(exchange, memberOf(request))
      return {}
    },
  }
}

export function deleteStudent(exchange: Exchange): Operation {
  return {
    access: 'user',
    async handle(request) {
      await removeStudent(exchange, memberOf(request))
      return {}
    },
  }
}

function memberOf({ caller, ids }: ApiRequest) {
  return { caller, course: ids.course, username: ids.user }
}

function memberFields(member: Member): Fields {
  return {
    username: member.username,
    first_name: member.firstName,
    last_name: member.lastName,
    email: member.email,
  }
}

async function detailsOf(form: Form): Promise<MemberDetails> {
  return {
    firstName: required(await form.argument('first_name'), 'first name'),
    lastName: required(await form.argument('last_name'), 'last name'),
    email: required(await form.argument('email'), 'email'),
  }
}

function studentsOf(text: string | undefined): Member[] {
  if (text === undefined || text === '') throw new InvalidArgument('Please supply students')
  const students = parseJson(text, 'Students')
  if (!Array.isArray(students)) throw incorrectFormat()
  if (students.length === 0) throw new InvalidArgument('Please supply students')
  return students.map(studentOf)
}

function studentOf(value: unknown): Member {
  const fields: Record<string, unknown> = typeof value === 'object' && value !== null ? { ...value } : {}
  const { username, first_name: firstName, last_name: lastName, email } = fields
  if (!isText(username) || !isText(firstName) || !isText(lastName) || !isText(email)) throw incorrectFormat()
  if (username === '') throw incorrectFormat()
  return { username, firstName, lastName, email }
}
