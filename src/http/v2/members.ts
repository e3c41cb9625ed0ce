/** Rosters: who teaches and who takes a course. */
import { Type } from 'typebox'
import { Refusal } from '../../domain/errors.ts'
import type { Caller, Exchange } from '../../exchange/exchange.ts'
import { listMemberEntries } from '../../exchange/listings/members.ts'
import { changeMembers, removeMember } from '../../exchange/roster-changes.ts'
import type { V2App, V2Context } from './api.ts'
import { callerOf } from './callers.ts'
import { readCursor, writeCursor } from './cursors.ts'
import { answers, nothing, ofCourse, ofMember, ofUsers } from './routes.ts'
import { Member, MemberOutcomes, NewMember, NewMembers, PageQuery, pageOf, Role } from './schemas.ts'

const tags = ['members']

export function registerMembers(app: V2App, { exchange }: V2Context): void {
  app.get(
    '/courses/:course/members',
    {
      ...ofUsers,
      schema: {
        operationId: 'listMembers',
        summary:
          'Who teaches and who takes a course, as they joined; students see instructors and themselves',
        tags,
        params: ofCourse,
        querystring: Type.Object(
          { role: Type.Optional(Role), ...PageQuery },
          { additionalProperties: false },
        ),
        response: answers({ 200: pageOf(Member) }),
      },
    },
    async request => {
      const { limit = 100, cursor, role } = request.query
      const { items, next } = await listMemberEntries(exchange, {
        caller: callerOf(request),
        course: request.params.course,
        ...(role === undefined ? {} : { role }),
        limit,
        after: readCursor(cursor, 'number'),
      })
      return { items: [...items], next: writeCursor(next) }
    },
  )

  app.post(
    '/courses/:course/members',
    {
      ...ofUsers,
      schema: {
        operationId: 'changeMembers',
        summary: 'Add or change many members at once, or with dryRun see what would change; for instructors',
        tags,
        params: ofCourse,
        body: NewMembers,
        response: answers({ 200: MemberOutcomes }),
      },
    },
    async request => {
      const { members, dryRun = false } = request.body
      const { course } = request.params
      return { items: await changeMembers(exchange, { caller: callerOf(request), course, members, dryRun }) }
    },
  )

  app.get(
    '/courses/:course/members/:user',
    {
      ...ofUsers,
      schema: {
        operationId: 'getMember',
        summary: 'One member',
        tags,
        params: ofMember,
        response: answers({ 200: Member }),
      },
    },
    request => getMember(exchange, callerOf(request), request.params),
  )

  app.put(
    '/courses/:course/members/:user',
    {
      ...ofUsers,
      schema: {
        operationId: 'setMember',
        summary: 'Add or change a member; details that are left out stay as they are',
        tags,
        params: ofMember,
        body: NewMember,
        response: answers({ 200: Member }),
      },
    },
    async request => {
      const caller = callerOf(request)
      const { course, user } = request.params
      const members = [{ user, ...request.body }]
      const [outcome] = await changeMembers(exchange, { caller, course, members, dryRun: false })
      if (outcome?.reason !== undefined) throw new Refusal(outcome.reason)
      return getMember(exchange, caller, request.params)
    },
  )

  app.delete(
    '/courses/:course/members/:user',
    {
      ...ofUsers,
      schema: {
        operationId: 'removeMember',
        summary: 'Take a person off the roster; their submissions stay',
        tags,
        params: ofMember,
        response: answers({ 204: nothing }),
      },
    },
    async (request, reply) => {
      await removeMember(exchange, { caller: callerOf(request), ...request.params })
      return reply.code(204).send(null)
    },
  )
}

async function getMember(exchange: Exchange, caller: Caller, ref: { course: string; user: string }) {
  const { items } = await listMemberEntries(exchange, { caller, ...ref, limit: 1 })
  const [member] = items
  if (member === undefined) throw new Refusal('student-not-found')
  return member
}
