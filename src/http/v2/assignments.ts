/** Assignments and their releases. */
import { Type } from 'typebox'
import { Refusal } from '../../domain/errors.ts'
import { getMembersAssignment } from '../../exchange/access.ts'
import {
  fetchAssignment,
  hideAssignment,
  mayReleaseAssignment,
  releaseAssignment,
} from '../../exchange/assignments.ts'
import type { AssignmentRef, Caller, Exchange } from '../../exchange/exchange.ts'
import { type AssignmentEntry, listAssignmentEntries } from '../../exchange/listings/assignments.ts'
import { listReleaseEntries, type ReleaseEntry } from '../../exchange/listings/releases.ts'
import { treeOf } from '../../exchange/uploads.ts'
import type { V2App, V2Context } from './api.ts'
import { callerOf } from './callers.ts'
import { readCursor, writeCursor } from './cursors.ts'
import { takesManifest } from './large-bodies.ts'
import { answers, archive, bytes, nothing, ofAssignment, ofUsers } from './routes.ts'
import {
  Assignment,
  formatMoment,
  Manifest,
  Name,
  NewTree,
  PageQuery,
  Path,
  pageOf,
  Release,
} from './schemas.ts'
import { sendArchive, sendFile, sendManifest } from './tree-answers.ts'

const tags = ['assignments']
const Version = Type.Union([Type.Integer({ minimum: 1 }), Type.Literal('latest')], {
  description: 'A version, or `latest`',
})
const ofRelease = Type.Object({ course: Name, assignment: Name, version: Version })

export function registerAssignments(app: V2App, { exchange, limits }: V2Context): void {
  app.get(
    '/assignments',
    {
      ...ofUsers,
      schema: {
        operationId: 'listAssignments',
        summary: 'The assignments that are out, of all your courses or of one, each with its newest release',
        tags,
        querystring: Type.Object(
          { course: Type.Optional(Name), assignment: Type.Optional(Name), ...PageQuery },
          { additionalProperties: false },
        ),
        response: answers({ 200: pageOf(Assignment) }),
      },
    },
    async request => {
      const { limit = 100, cursor, ...filter } = request.query
      const after = readCursor(cursor, 'number')
      const input = { caller: callerOf(request), ...filter, limit, after }
      const { items, next } = await listAssignmentEntries(exchange, input)
      return { items: items.map(told), next: writeCursor(next) }
    },
  )

  app.get(
    '/courses/:course/assignments/:assignment',
    {
      ...ofUsers,
      schema: {
        operationId: 'getAssignment',
        summary: 'One assignment',
        tags,
        params: ofAssignment,
        response: answers({ 200: Assignment }),
      },
    },
    async request => {
      const input = { caller: callerOf(request), ...request.params, limit: 1 }
      const [entry] = (await listAssignmentEntries(exchange, input)).items
      if (entry === undefined) throw new Refusal('assignment-not-found')
      return told(entry)
    },
  )

  app.delete(
    '/courses/:course/assignments/:assignment',
    {
      ...ofUsers,
      schema: {
        operationId: 'hideAssignment',
        summary: 'Take an assignment back; its submissions and feedback are kept for the retention period',
        tags,
        params: ofAssignment,
        response: answers({ 204: nothing }),
      },
    },
    async (request, reply) => {
      await hideAssignment(exchange, { caller: callerOf(request), ...request.params })
      return reply.code(204).send(null)
    },
  )

  app.get(
    '/courses/:course/assignments/:assignment/releases',
    {
      ...ofUsers,
      schema: {
        operationId: 'listReleases',
        summary: 'All versions of an assignment, the newest first',
        tags,
        params: ofAssignment,
        querystring: Type.Object(PageQuery, { additionalProperties: false }),
        response: answers({ 200: pageOf(Release) }),
      },
    },
    async request => {
      const { limit = 100, cursor } = request.query
      const after = readCursor(cursor, 'number')
      const { id } = await getMembersAssignment(exchange.db.read, callerOf(request), request.params)
      const { items, next } = await listReleaseEntries(exchange, { assignmentId: id, limit, after })
      return { items: items.map(toldRelease), next: writeCursor(next) }
    },
  )

  app.post(
    '/courses/:course/assignments/:assignment/releases',
    {
      ...ofUsers,
      ...takesManifest(limits, request => {
        const { overwrite } = request.query as { overwrite?: unknown }
        const ref = request.params as AssignmentRef
        return mayReleaseAssignment(exchange, {
          ...ref,
          caller: callerOf(request),
          overwrite: overwrite !== undefined && overwrite !== 'false',
        })
      }),
      schema: {
        operationId: 'releaseAssignment',
        summary: 'Release an assignment, or with overwrite=true a new version of it; submissions stay',
        tags,
        params: ofAssignment,
        querystring: Type.Object(
          { overwrite: Type.Optional(Type.Boolean()) },
          { additionalProperties: false },
        ),
        body: NewTree,
        response: answers({ 201: Release }),
      },
    },
    async (request, reply) => {
      const caller = callerOf(request)
      const input = { caller, ...request.params, overwrite: request.query.overwrite ?? false }
      const tree = await treeOf(exchange, { ...input, files: filesOf(request.body), limits })
      const { version } = await releaseAssignment(exchange, { ...input, tree })
      return reply.code(201).send(await getRelease(exchange, caller, { ...request.params, version }))
    },
  )

  app.get(
    '/courses/:course/assignments/:assignment/releases/:version',
    {
      ...ofUsers,
      schema: {
        operationId: 'getRelease',
        summary: 'One version',
        tags,
        params: ofRelease,
        response: answers({ 200: Release }),
      },
    },
    request => getRelease(exchange, callerOf(request), request.params),
  )

  app.get(
    '/courses/:course/assignments/:assignment/releases/:version/manifest',
    {
      ...ofUsers,
      schema: {
        operationId: 'getReleaseManifest',
        summary: 'The files of a version: to fetch it, ask for those that you lack',
        tags,
        params: ofRelease,
        response: answers({ 200: Manifest, 304: nothing }),
      },
    },
    async (request, reply) =>
      sendManifest(request, reply, await readRelease(exchange, callerOf(request), request.params)),
  )

  app.get(
    '/courses/:course/assignments/:assignment/releases/:version/files',
    {
      ...ofUsers,
      schema: {
        operationId: 'getReleaseFile',
        summary: 'One file of a version, or a range of it',
        tags,
        params: ofRelease,
        querystring: FileQuery,
        response: answers({ 200: bytes, 206: bytes, 304: nothing }),
      },
    },
    async (request, reply) => {
      const tree = await readRelease(exchange, callerOf(request), request.params)
      return sendFile(request, reply, { exchange, tree, path: request.query.path })
    },
  )

  app.get(
    '/courses/:course/assignments/:assignment/releases/:version/archive',
    {
      ...ofUsers,
      schema: {
        operationId: 'getReleaseArchive',
        summary: 'A version as a zip or tar file',
        tags,
        params: ofRelease,
        querystring: ArchiveQuery,
        response: answers({ 200: archive, 304: nothing }),
      },
    },
    async (request, reply) => {
      const caller = callerOf(request)
      const { version, releasedAt: at } = await findRelease(exchange, caller, request.params)
      const tree = await fetchAssignment(exchange, { caller, ...request.params, version })
      const { format = 'zip' } = request.query
      return sendArchive(request, reply, { exchange, tree, format, at, name: request.params.assignment })
    },
  )
}

export const FileQuery = Type.Object({ path: Path }, { additionalProperties: false })
export const ArchiveQuery = Type.Object(
  { format: Type.Optional(Type.Enum(['zip', 'tar'])) },
  { additionalProperties: false },
)

interface ReleaseRef {
  readonly course: string
  readonly assignment: string
  readonly version: number | 'latest'
}

async function findRelease(exchange: Exchange, caller: Caller, ref: ReleaseRef): Promise<ReleaseEntry> {
  const { id } = await getMembersAssignment(exchange.db.read, caller, ref)
  const which = ref.version === 'latest' ? {} : { version: ref.version }
  const { items } = await listReleaseEntries(exchange, { assignmentId: id, limit: 1, ...which })
  const [release] = items
  if (release === undefined) throw new Refusal('release-not-found')
  return release
}

async function getRelease(exchange: Exchange, caller: Caller, ref: ReleaseRef) {
  return toldRelease(await findRelease(exchange, caller, ref))
}

async function readRelease(exchange: Exchange, caller: Caller, ref: ReleaseRef) {
  const { version } = await findRelease(exchange, caller, ref)
  return fetchAssignment(exchange, { caller, ...ref, version })
}

function told({ course, assignment, release }: AssignmentEntry) {
  return { course, assignment, release: toldRelease(release) }
}

function toldRelease({ version, releasedAt, releasedBy, tree }: ReleaseEntry) {
  return {
    version,
    releasedAt: formatMoment(releasedAt),
    releasedBy,
    tree: { ...tree, notebooks: [...tree.notebooks] },
  }
}

export function filesOf(body: { files: { path: string; sha256: string; isExecutable?: boolean }[] }) {
  return body.files.map(({ path, sha256, isExecutable = false }) => ({ path, sha256, isExecutable }))
}
