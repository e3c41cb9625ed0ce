/** What travels, each shape once: requests are checked against it, answers are written by it, the document shows it. */
import { type Static, type TSchema, Type } from 'typebox'
import { formatTimestamp, type Micros } from '../../domain/timestamp.ts'

/** As it is written on the wire: RFC 3339 in UTC, with microseconds. */
export function formatMoment(at: Micros): string {
  return `${formatTimestamp(at).replace(' ', 'T')}Z`
}

export const Moment = Type.String({
  pattern: '^\\d{4}-\\d{2}-\\d{2}T\\d{2}:\\d{2}:\\d{2}\\.\\d{6}Z$',
  description: 'A moment, RFC 3339 in UTC with microseconds',
})

export const Name = Type.String({
  minLength: 1,
  maxLength: 255,
  description: 'A name of a course, an assignment or a person',
})
const NewName = Type.String({
  minLength: 1,
  maxLength: 255,
  description: 'At most 255 bytes of UTF-8, no control characters, not . or ..',
})

export const Role = Type.Enum(['instructor', 'student'])
const Sha256 = Type.String({ pattern: '^[0-9a-f]{64}$', description: 'SHA-256, in hex' })
const Md5 = Type.String({ pattern: '^[0-9a-f]{32}$', description: 'MD5, in hex' })
const Bytes = Type.Integer({ minimum: 0 })
export const Path = Type.String({
  minLength: 1,
  maxLength: 4096,
  description: 'Relative, with / between folders',
})
const orNull = <Schema extends TSchema>(schema: Schema) => Type.Union([schema, Type.Null()])

export const Problem = Type.Object(
  {
    type: Type.String({ description: 'What kind of problem, as a URI' }),
    title: Type.String(),
    status: Type.Integer(),
    detail: Type.String({ description: 'For people' }),
    code: Type.String({ description: 'The last part of `type`: for programs' }),
    missing: Type.Optional(
      Type.Array(Sha256, { description: 'With `files-missing`: what must be sent first' }),
    ),
    receivedAt: Type.Optional(
      Type.String({
        ...Moment,
        description:
          'With `files-missing`, of a submission with a key: the time that it will have when these files come within an hour',
      }),
    ),
  },
  { title: 'Problem', description: 'RFC 9457' },
)
export type Problem = Static<typeof Problem>

export const Limits = Type.Object({
  bodyBytes: Bytes,
  fileBytes: Bytes,
  treeBytes: orNull(Bytes),
  files: Type.Integer({ minimum: 1, description: 'In a directory tree' }),
  manifestBytes: Type.Integer({ minimum: 0, description: 'Of a list of files, as JSON' }),
  assignmentBytes: orNull(Bytes),
  userBytes: orNull(Bytes),
  courseBytes: orNull(Bytes),
})

export const Service = Type.Object({
  name: Type.Literal('ngshare'),
  version: Type.String(),
  caller: Type.Object({
    name: Type.String(),
    kind: Type.Enum(['user', 'service']),
    isAdmin: Type.Boolean(),
  }),
  limits: Limits,
})

export const Course = Type.Object(
  {
    course: Type.String(),
    role: orNull(Role),
    createdAt: Moment,
  },
  { title: 'Course' },
)
export const NewCourse = Type.Object(
  { course: NewName, instructors: Type.Optional(Type.Array(NewName, { maxItems: 1000 })) },
  { additionalProperties: false },
)

const text = Type.String({ maxLength: 1000 })
export const Member = Type.Object(
  {
    user: Type.String(),
    role: Role,
    firstName: orNull(Type.String()),
    lastName: orNull(Type.String()),
    email: orNull(Type.String()),
    isInRoster: Type.Boolean({ description: 'false: only a group of the hub says so' }),
  },
  { title: 'Member' },
)
const details = {
  role: Role,
  firstName: Type.Optional(orNull(text)),
  lastName: Type.Optional(orNull(text)),
  email: Type.Optional(orNull(text)),
}
/** Details that are left out stay as they are. */
export const NewMember = Type.Object(details, { additionalProperties: false })
export const NewMembers = Type.Object(
  {
    members: Type.Array(Type.Object({ user: NewName, ...details }, { additionalProperties: false }), {
      maxItems: 10_000,
    }),
    dryRun: Type.Optional(Type.Boolean({ description: 'Only say what would change' })),
  },
  { additionalProperties: false },
)
export const MemberOutcomes = Type.Object({
  items: Type.Array(
    Type.Object({
      user: Type.String(),
      outcome: Type.Enum(['added', 'changed', 'unchanged', 'refused']),
      reason: Type.Optional(Type.String({ description: 'With `refused`: the code of the problem' })),
    }),
  ),
})

export const TreeSummary = Type.Object(
  {
    digest: Sha256,
    fileCount: Type.Integer({ minimum: 0 }),
    sizeBytes: Bytes,
    notebooks: Type.Array(Type.String(), {
      description: 'Names of the notebooks at the top, without .ipynb, sorted',
    }),
  },
  { title: 'TreeSummary' },
)
export const Release = Type.Object(
  {
    version: Type.Integer({ minimum: 1 }),
    releasedAt: Moment,
    releasedBy: Type.String(),
    tree: TreeSummary,
  },
  { title: 'Release' },
)
export const Assignment = Type.Object(
  { course: Type.String(), assignment: Type.String(), release: Release },
  { title: 'Assignment' },
)

/** A directory tree as a list of files. */
export const Manifest = Type.Object(
  {
    digest: Sha256,
    files: Type.Array(
      Type.Object({
        path: Path,
        sizeBytes: Bytes,
        sha256: Sha256,
        md5: Md5,
        isExecutable: Type.Boolean(),
      }),
    ),
  },
  { title: 'Manifest' },
)
export const NewTree = Type.Object(
  {
    files: Type.Array(
      Type.Object(
        { path: Path, sha256: Sha256, isExecutable: Type.Optional(Type.Boolean()) },
        { additionalProperties: false },
      ),
      { maxItems: 1_000_000 },
    ),
  },
  {
    additionalProperties: false,
    description: 'Its files, each of which was sent before or is readable there',
  },
)

const FeedbackFile = Type.Object({ path: Path, sizeBytes: Bytes, sha256: Sha256, md5: Md5 })
export const Feedback = Type.Object(
  { releasedAt: Moment, digest: Sha256, files: Type.Array(FeedbackFile) },
  { title: 'Feedback' },
)
export const Submission = Type.Object(
  {
    id: Type.String({ description: 'Of the receipt, too' }),
    course: Type.String(),
    assignment: Type.String(),
    student: Type.String(),
    receivedAt: Moment,
    tree: TreeSummary,
    feedback: orNull(Feedback),
  },
  { title: 'Submission' },
)
export const Submitted = Type.Object({ id: Type.String(), receivedAt: Moment })

export const Receipt = Type.Object(
  {
    version: Type.Literal(1),
    id: Type.String(),
    course: Type.String(),
    assignment: Type.String(),
    student: Type.String(),
    receivedAt: Type.String({ description: 'UTC, as in the first API' }),
    files: Type.Array(
      Type.Object({ path: Path, sizeBytes: Bytes, sha256: Sha256, isExecutable: Type.Boolean() }),
    ),
    digest: Sha256,
    key: Type.String(),
    signature: Type.String(),
  },
  { title: 'Receipt' },
)
export const ReceiptKey = Type.Object({
  id: Type.String(),
  publicKey: Type.String({ description: 'PEM' }),
  createdAt: Moment,
  retiredAt: orNull(Moment),
})

export const Event = Type.Object(
  {
    id: Type.Integer(),
    at: Moment,
    actor: orNull(Type.String()),
    actorKind: Type.Enum(['user', 'service']),
    address: orNull(Type.String()),
    action: Type.String(),
    result: Type.String({ description: '`done`, or the code of the refusal' }),
    course: orNull(Type.String()),
    assignment: orNull(Type.String()),
    subject: orNull(Type.String()),
  },
  { title: 'Event' },
)

export const MissingQuery = Type.Object(
  { assignment: Name, files: Type.Array(Sha256, { maxItems: 1_000_000 }) },
  { additionalProperties: false },
)
export const Missing = Type.Object({ missing: Type.Array(Sha256) })

/** A page of a list. */
export const pageOf = <Item extends TSchema>(item: Item) =>
  Type.Object({
    items: Type.Array(item),
    next: orNull(Type.String({ description: 'The `cursor` of the next page; null: this is the last' })),
  })
export const maxPageSize = 1000
export const PageQuery = {
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: maxPageSize, default: 100 })),
  cursor: Type.Optional(Type.String({ maxLength: 2000 })),
}
