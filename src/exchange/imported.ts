/**
 * What comes over from another exchange: a course at a time, in one transaction. What is here already stays as it is, so
 * that an import can be repeated, and goes on where it was cut off.
 */
import type { Reader, Writer } from '../db/database.ts'
import { prepared } from '../db/prepared.ts'
import type { Role } from '../domain/membership.ts'
import { isNewName } from '../domain/names.ts'
import { formatTimestamp, type Micros } from '../domain/timestamp.ts'
import { type StagedFile, type StagedTree, writeWithTrees } from './directory-trees.ts'
import { type Caller, type Exchange, recordEvent } from './exchange.ts'
import { type FileToImport, withLegalPaths } from './imported-trees.ts'
import type { Member } from './rosters.ts'
import { sideBySide } from './side-by-side.ts'

export interface CourseToImport {
  readonly course: string
  /** Each user once, in the order in which they joined. */
  readonly members: readonly (Member & { readonly role: Role })[]
  /** Each name once, in the order of release. */
  readonly assignments: readonly AssignmentToImport[]
}

export interface AssignmentToImport {
  readonly assignment: string
  /** Oldest first. */
  readonly releases: readonly (readonly FileToImport[])[]
  /** In the order in which they came in; a student has no two of one moment. */
  readonly submissions: readonly SubmissionToImport[]
}

export interface SubmissionToImport {
  readonly student: string
  readonly receivedAt: Micros
  readonly files: readonly FileToImport[]
  /** None where there is no feedback. */
  readonly feedback: readonly FileToImport[]
}

/** Something that did not come over as it was, or that somebody should know of. */
export interface Oddity {
  readonly kind: OddityKind
  readonly course?: string | undefined
  readonly assignment?: string | undefined
  readonly student?: string | undefined
  /** Of the submission, as on the wire. */
  readonly timestamp?: string | undefined
  readonly path?: string | undefined
  readonly detail: string
  /** Whether this itself is here all the same. */
  readonly imported: boolean
}

export type OddityKind =
  | 'checksum-mismatch'
  | 'deleted-here'
  | 'different-here'
  | 'due-date'
  | 'duplicate-assignment'
  | 'duplicate-member'
  | 'duplicate-timestamp'
  | 'feedback-of-nobody'
  | 'file-missing'
  | 'file-without-row'
  | 'impossible-name'
  | 'no-instructor'
  | 'odd-name'
  | 'orphan-row'
  | 'path-renamed'
  | 'skipped-file'
  | 'timestamp-differs'
  | 'timestamp-unreadable'
  | 'timestamp-zone'
  | 'unknown-revision'
  | 'unknown-user'

export interface ImportCounts {
  courses: number
  members: number
  assignments: number
  releases: number
  submissions: number
  feedback: number
  /** Of submissions that lacked files until now. */
  completed: number
  files: number
  bytes: number
}

export interface ImportedCourse {
  readonly added: ImportCounts
  /** Was here before; files and bytes are not counted. */
  readonly present: ImportCounts
}

interface ImportOptions {
  /** Null where there is nothing yet, for a dry run. */
  readonly exchange: Exchange | null
  readonly caller: Caller
  /** Reads and compares all, and writes nothing. */
  readonly dryRun: boolean
  odd(oddity: Oddity): void
}

/** Whether there can be anything of this name; tells what is odd about it. */
export function checkImportedName(
  name: string | null,
  what: Omit<Oddity, 'kind' | 'detail' | 'imported'> & { detail: string },
  odd: ImportOptions['odd'],
): name is string {
  if (name === null || name === '') {
    odd({ ...what, kind: 'impossible-name', detail: `${what.detail} has no name`, imported: false })
    return false
  }
  if (!isNewName(name)) {
    const detail = `${what.detail} has a name that nobody could choose today: ${JSON.stringify(name)}`
    odd({ ...what, kind: 'odd-name', detail, imported: true })
  }
  return true
}

/** Users of no course, too. Returns how many are new. */
export async function importUsers(users: readonly string[], options: ImportOptions): Promise<number> {
  const { exchange, dryRun } = options
  if (exchange === null) return users.length
  const findNew = async (db: Reader) => {
    const missing: string[] = []
    for (const user of users) if ((await findImportedUser(db, user)) === null) missing.push(user)
    return missing
  }
  const missing = await findNew(exchange.db.read)
  if (dryRun || missing.length === 0) return missing.length
  const at = exchange.clock()
  return exchange.db.write(async trx => {
    const stillMissing = await findNew(trx)
    for (const user of stillMissing) await insertUser(trx, user, at)
    return stillMissing.length
  })
}

/** @throws Trouble; nothing of the course is new here then */
export async function importCourse(course: CourseToImport, options: ImportOptions): Promise<ImportedCourse> {
  const { exchange } = options
  const plan = await planCourse(course, options)
  await stageTrees(plan)
  if (!options.dryRun && exchange !== null && hasWork(plan.added)) {
    await writeCourse(exchange, plan, options.caller)
  }
  return { added: plan.added, present: plan.present }
}

/** What is to be written, tree by tree: their files are read last, and only once. */
interface Plan {
  readonly course: string
  readonly members: CourseToImport['members']
  readonly assignments: readonly AssignmentPlan[]
  readonly added: ImportCounts
  readonly present: ImportCounts
}

interface AssignmentPlan {
  readonly assignment: string
  readonly releases: readonly TreeToImport[]
  readonly submissions: readonly SubmissionPlan[]
}

interface SubmissionPlan {
  readonly student: string
  readonly receivedAt: Micros
  /** Null where it is here. */
  readonly tree: TreeToImport | null
  /** Takes the place of one here that lacks files. */
  readonly completes: { readonly id: number; readonly treeId: number } | null
  readonly feedback: TreeToImport | null
}

interface TreeToImport {
  readonly files: readonly FileToImport[]
  staged: StagedTree | null
}

/** What is here, by names and moments. */
interface Here {
  readonly course: { readonly id: number; readonly isHidden: boolean } | null
  readonly members: ReadonlySet<number>
  readonly assignments: ReadonlyMap<string, AssignmentHere>
}

interface AssignmentHere {
  readonly id: number
  readonly isHidden: boolean
  readonly releases: readonly (readonly KnownFile[])[]
  /** By user and moment. */
  readonly submissions: ReadonlyMap<string, SubmissionHere>
}

interface SubmissionHere {
  readonly id: number
  readonly treeId: number
  readonly files: readonly KnownFile[]
  /** What is served now; null where nothing ever was. */
  readonly feedback: readonly KnownFile[] | null
}

interface KnownFile {
  readonly path: string
  readonly md5: string
}

async function planCourse(course: CourseToImport, options: ImportOptions): Promise<Plan> {
  const { exchange, odd } = options
  const here = exchange === null ? nothingHere : await readCourse(exchange.db.read, course.course)
  const plan = { added: noCounts(), present: noCounts() }
  const { added, present } = plan
  if (here.course?.isHidden) {
    const detail = 'the course was deleted here: restore it, or purge it, and import again'
    odd({ kind: 'deleted-here', course: course.course, detail, imported: false })
    return { ...plan, course: course.course, members: [], assignments: [] }
  }
  count(here.course === null, 'courses')
  const users = new Map<string, number | null>()
  const userId = async (name: string) => {
    const known = users.get(name)
    if (known !== undefined) return known
    const id = exchange === null ? null : await findImportedUser(exchange.db.read, name)
    users.set(name, id)
    return id
  }
  const members: Plan['members'][number][] = []
  for (const member of course.members) {
    const id = await userId(member.username)
    const isNew = id === null || !here.members.has(id)
    if (isNew) members.push(member)
    count(isNew, 'members')
  }
  const assignments: AssignmentPlan[] = []
  for (const assignment of course.assignments) {
    const known = here.assignments.get(assignment.assignment)
    const context = { course: course.course, assignment: assignment.assignment }
    count(known === undefined, 'assignments')
    if (known?.isHidden) {
      const detail = 'the assignment was deleted here, and stays so; what it lacked is added to it'
      odd({ ...context, kind: 'deleted-here', detail, imported: true })
    }
    const releases = await planReleases(assignment, known, context)
    const submissions: SubmissionPlan[] = []
    for (const submission of assignment.submissions) {
      const id = await userId(submission.student)
      const planned = await planSubmission(
        submission,
        id === null ? undefined : known?.submissions.get(submissionKey(id, submission.receivedAt)),
        { ...context, student: submission.student, timestamp: formatTimestamp(submission.receivedAt) },
      )
      if (planned !== null) submissions.push(planned)
    }
    assignments.push({ assignment: assignment.assignment, releases, submissions })
  }
  return { ...plan, course: course.course, members, assignments }

  async function planReleases(
    assignment: AssignmentToImport,
    known: AssignmentHere | undefined,
    context: Context,
  ): Promise<TreeToImport[]> {
    const releases: TreeToImport[] = []
    for (const files of assignment.releases) {
      const tree = legalTree(files, context)
      if (known !== undefined) {
        present.releases++
        if (!(await isAmong(known.releases, tree))) {
          const detail = 'released here with other files, which stay'
          odd({ ...context, kind: 'different-here', detail, imported: false })
        }
        continue
      }
      added.releases++
      releases.push(tree)
    }
    return releases
  }

  async function planSubmission(
    submission: SubmissionToImport,
    known: SubmissionHere | undefined,
    context: Context,
  ): Promise<SubmissionPlan | null> {
    const tree = legalTree(submission.files, context)
    const feedback = submission.feedback.length === 0 ? null : legalTree(submission.feedback, context)
    const { student, receivedAt } = submission
    if (known === undefined) {
      added.submissions++
      if (feedback !== null) added.feedback++
      return { student, receivedAt, tree, completes: null, feedback }
    }
    present.submissions++
    const completes = await findsMore(known.files, tree, context)
    if (completes) added.completed++
    const newFeedback = feedback !== null && known.feedback === null ? feedback : null
    if (newFeedback !== null) added.feedback++
    if (feedback !== null && known.feedback !== null) {
      present.feedback++
      if (!(await isAmong([known.feedback], feedback))) {
        const detail = 'other feedback was released here, and stays'
        odd({ ...context, kind: 'different-here', detail, imported: false })
      }
    }
    if (!completes && newFeedback === null) return null
    return {
      student,
      receivedAt,
      tree: completes ? tree : null,
      completes: completes ? known : null,
      feedback: newFeedback,
    }
  }

  /** Whether the tree has all files of the one here, and more. */
  async function findsMore(
    known: readonly KnownFile[],
    tree: TreeToImport,
    context: Context,
  ): Promise<boolean> {
    if (await isAmong([known], tree)) return false
    const staged = (await stageTree(tree)).map(file => keyOf({ path: file.path, md5: file.blob.md5 }))
    if (staged.length > known.length && known.every(file => staged.includes(keyOf(file)))) return true
    odd({
      ...context,
      kind: 'different-here',
      detail: 'here it has other files, which stay',
      imported: false,
    })
    return false
  }

  function legalTree(files: readonly FileToImport[], context: Context): TreeToImport {
    const legal = withLegalPaths(files)
    for (const { from, to, why } of legal.renamed) {
      const reason =
        why === 'taken' ? 'another file of the tree is in its place' : 'such paths are not allowed'
      const detail = `came over as ${JSON.stringify(to)}: ${reason}`
      odd({ ...context, kind: 'path-renamed', path: from, detail, imported: true })
    }
    return { files: legal.files, staged: null }
  }

  function count(isNew: boolean, what: 'courses' | 'members' | 'assignments'): void {
    if (isNew) added[what]++
    else present[what]++
  }
}

type Context = Pick<Oddity, 'course' | 'assignment' | 'student' | 'timestamp'>

/** By what was noted down elsewhere, and where that is not enough, by the bytes. */
async function isAmong(known: readonly (readonly KnownFile[])[], tree: TreeToImport): Promise<boolean> {
  const noted = tree.files.map(({ path, md5 }) => keyOf({ path, md5: md5 ?? '' }))
  const isKnown = (keys: readonly string[]) =>
    known.some(files => files.length === keys.length && files.every((file, at) => keyOf(file) === keys[at]))
  if (isKnown(noted)) return true
  const staged = await stageTree(tree)
  return isKnown(staged.map(file => keyOf({ path: file.path, md5: file.blob.md5 })))
}

function keyOf({ path, md5 }: KnownFile): string {
  return `${md5} ${path}`
}

const readAtOnce = 8

async function stageTrees(plan: Plan): Promise<void> {
  const trees = plan.assignments.flatMap(({ releases, submissions }) => [
    ...releases,
    ...submissions.flatMap(({ tree, feedback }) => [tree, feedback].filter(tree => tree !== null)),
  ])
  await sideBySide(trees, { atOnce: readAtOnce }, async tree => {
    const staged = await stageTree(tree)
    plan.added.files += staged.length
    for (const { blob } of staged) plan.added.bytes += blob.sizeBytes
  })
}

/** The files that could be read. */
async function stageTree(tree: TreeToImport): Promise<StagedTree> {
  if (tree.staged !== null) return tree.staged
  const staged: StagedFile[] = []
  for (const { path, isExecutable, stage } of tree.files) {
    const blob = await stage()
    if (blob !== null) staged.push({ path, isExecutable, blob })
  }
  tree.staged = staged
  return staged
}

/** Others may have written meanwhile: what they brought stays. */
async function writeCourse(exchange: Exchange, plan: Plan, caller: Caller): Promise<void> {
  const at = exchange.clock()
  const trees = plan.assignments.flatMap(({ releases, submissions }) => [
    ...releases.map(stagedTree),
    ...submissions.flatMap(({ tree, feedback }) =>
      [tree, feedback].filter(tree => tree !== null).map(stagedTree),
    ),
  ])
  await writeWithTrees(exchange, trees, async (trx, insertTree) => {
    const users = new Map<string, number>()
    const userId = async (name: string) => {
      const id = users.get(name) ?? (await ensureImportedUser(trx, name, at))
      users.set(name, id)
      return id
    }
    const courseId = await ensureCourse(trx, plan.course, at)
    for (const member of plan.members) await addMember(trx, courseId, await userId(member.username), member)
    for (const { assignment, releases, submissions } of plan.assignments) {
      const assignmentId = await ensureAssignment(trx, { courseId, name: assignment, at })
      if (!(await hasRelease(trx, assignmentId))) {
        // An assignment without files can still be fetched.
        const versions = releases.length > 0 ? releases.map(stagedTree) : [[]]
        for (const [index, tree] of versions.entries()) {
          const release = { assignmentId, version: index + 1, treeId: await insertTree(tree), at }
          await insertRelease(trx, { ...release, by: await userId(nobody) })
        }
      }
      for (const submission of submissions) {
        const { receivedAt, tree, completes, feedback } = submission
        const student = await userId(submission.student)
        if (tree !== null && completes !== null) {
          await replaceTree(trx, completes, () => insertTree(stagedTree(tree)))
        } else if (tree !== null && (await findSubmission(trx, assignmentId, student, receivedAt)) === null) {
          await insertSubmission(trx, assignmentId, student, receivedAt, await insertTree(stagedTree(tree)))
        }
        if (feedback === null || stagedTree(feedback).length === 0) continue
        const id = await findSubmission(trx, assignmentId, student, receivedAt)
        if (id === null || (await hasFeedback(trx, id))) continue
        await insertFeedback(trx, id, await insertTree(stagedTree(feedback)), await userId(nobody), at)
      }
    }
    await recordEvent(trx, { at, caller, action: 'import-course', course: plan.course })
  })
}

/** Who released something is not known elsewhere; users whose names were erased are of this name, too. */
const nobody = ''

function stagedTree(tree: TreeToImport): StagedTree {
  if (tree.staged === null) throw new Error('a tree is written before its files were read')
  return tree.staged
}

function hasWork(added: ImportCounts): boolean {
  return Object.values(added).some(count => count > 0)
}

/** For adding up, over courses. */
export function noCounts(): ImportCounts {
  return {
    ...{ courses: 0, members: 0, assignments: 0, releases: 0, submissions: 0, feedback: 0, completed: 0 },
    ...{ files: 0, bytes: 0 },
  }
}

const nothingHere: Here = { course: null, members: new Set(), assignments: new Map() }

/** A deleted course of that name, where there is no living one. */
async function readCourse(db: Reader, name: string): Promise<Here> {
  const course = await db
    .selectFrom('courses')
    .select(['id', 'hidden_at'])
    .where('name', '=', name)
    .orderBy(eb => eb('hidden_at', 'is not', null))
    .limit(1)
    .executeTakeFirst()
  if (course === undefined) return nothingHere
  const members = await db
    .selectFrom('members')
    .select('user_id')
    .where('course_id', '=', course.id)
    .execute()
  const rows = await db
    .selectFrom('assignments')
    .select(['id', 'name', 'hidden_at'])
    .where('course_id', '=', course.id)
    .execute()
  const assignments = new Map<string, AssignmentHere>()
  for (const row of rows) assignments.set(row.name, await readAssignment(db, row))
  return {
    course: { id: course.id, isHidden: course.hidden_at !== null },
    members: new Set(members.map(member => member.user_id)),
    assignments,
  }
}

async function readAssignment(
  db: Reader,
  row: { id: number; hidden_at: number | null },
): Promise<AssignmentHere> {
  const releases = db.selectFrom('releases').where('assignment_id', '=', row.id)
  const submissions = db.selectFrom('submissions').where('assignment_id', '=', row.id)
  const feedback = submissions.innerJoin('feedback', 'feedback.submission_id', 'submissions.id')
  const filesOf = knownFiles(db)
  const releaseFiles = byTree(
    await filesOf.where('tree_files.tree_id', 'in', releases.select('tree_id')).execute(),
  )
  const submissionFiles = byTree(
    await filesOf.where('tree_files.tree_id', 'in', submissions.select('tree_id')).execute(),
  )
  const feedbackFiles = byTree(
    await filesOf.where('tree_files.tree_id', 'in', feedback.select('feedback.tree_id')).execute(),
  )
  const feedbackTrees = new Map<number, number>()
  const given = await feedback
    .select(['submissions.id', 'feedback.tree_id'])
    .orderBy(eb => eb('feedback.replaced_at', 'is', null))
    .execute()
  for (const { id, tree_id } of given) feedbackTrees.set(id, tree_id)
  const byMoment = new Map<string, SubmissionHere>()
  for (const { id, user_id, received_at, tree_id } of await submissions
    .select(['id', 'user_id', 'received_at', 'tree_id'])
    .execute()) {
    const feedbackTree = feedbackTrees.get(id)
    byMoment.set(submissionKey(user_id, received_at), {
      id,
      treeId: tree_id,
      files: submissionFiles.get(tree_id) ?? [],
      feedback: feedbackTree === undefined ? null : (feedbackFiles.get(feedbackTree) ?? []),
    })
  }
  const versions = await releases.select('tree_id').execute()
  return {
    id: row.id,
    isHidden: row.hidden_at !== null,
    releases: versions.map(version => releaseFiles.get(version.tree_id) ?? []),
    submissions: byMoment,
  }
}

function submissionKey(userId: number, receivedAt: Micros): string {
  return `${userId} ${receivedAt}`
}

function knownFiles(db: Reader) {
  return db
    .selectFrom('tree_files')
    .innerJoin('blobs', 'blobs.id', 'tree_files.blob_id')
    .select(['tree_files.tree_id', 'tree_files.path', 'blobs.md5'])
    .orderBy('tree_files.tree_id')
    .orderBy('tree_files.position')
}

function byTree(rows: readonly ({ tree_id: number } & KnownFile)[]): Map<number, KnownFile[]> {
  const files = new Map<number, KnownFile[]>()
  for (const { tree_id, path, md5 } of rows) {
    const known = files.get(tree_id)
    if (known === undefined) files.set(tree_id, [{ path, md5 }])
    else known.push({ path, md5 })
  }
  return files
}

/** Also by a name that they had before. */
async function findImportedUser(db: Reader, name: string): Promise<number | null> {
  const [user] = await selectUser(db, name)
  if (user !== undefined) return user.id
  const [renamed] = await selectRenamed(db, name)
  return renamed?.user_id ?? null
}

async function ensureImportedUser(trx: Writer, name: string, at: Micros): Promise<number> {
  const known = await findImportedUser(trx, name)
  if (known !== null) return known
  const [created] = await insertUser(trx, name, at)
  return (created as { id: number }).id
}

const selectUser = prepared((db: Reader, name: string) =>
  db.selectFrom('users').select('id').where('name', '=', name),
)

const selectRenamed = prepared((db: Reader, name: string) =>
  db.selectFrom('former_names').select('user_id').where('name', '=', name).orderBy('until', 'desc').limit(1),
)

const insertUser = prepared((trx: Writer, name: string, created_at: number) =>
  trx.insertInto('users').values({ name, created_at }).returning('id'),
)

/** Names are as they were elsewhere: who could not be created here today can still be found. */
async function ensureCourse(trx: Writer, name: string, at: Micros): Promise<number> {
  const known = await trx
    .selectFrom('courses')
    .select('id')
    .where('name', '=', name)
    .where('hidden_at', 'is', null)
    .executeTakeFirst()
  if (known !== undefined) return known.id
  const { id } = await trx
    .insertInto('courses')
    .values({ name, created_at: at, hidden_at: null })
    .returning('id')
    .executeTakeFirstOrThrow()
  return id
}

async function addMember(
  trx: Writer,
  courseId: number,
  userId: number,
  member: Plan['members'][number],
): Promise<void> {
  const { role, firstName, lastName, email } = member
  await insertMember(trx, courseId, userId, role, firstName, lastName, email)
}

const insertMember = prepared(
  (
    trx: Writer,
    course_id: number,
    user_id: number,
    role: Role,
    first_name: string | null,
    last_name: string | null,
    email: string | null,
  ) =>
    trx
      .insertInto('members')
      .values({
        ...{ course_id, user_id, role, first_name, last_name, email },
        ...{ roster_role: role, group_role: null },
      })
      .onConflict(conflict => conflict.columns(['course_id', 'user_id']).doNothing()),
)

async function ensureAssignment(
  trx: Writer,
  row: { courseId: number; name: string; at: Micros },
): Promise<number> {
  const known = await trx
    .selectFrom('assignments')
    .select('id')
    .where('course_id', '=', row.courseId)
    .where('name', '=', row.name)
    .executeTakeFirst()
  if (known !== undefined) return known.id
  const { id } = await trx
    .insertInto('assignments')
    .values({ course_id: row.courseId, name: row.name, listed_at: row.at, hidden_at: null })
    .returning('id')
    .executeTakeFirstOrThrow()
  return id
}

async function hasRelease(trx: Writer, assignmentId: number): Promise<boolean> {
  const release = await trx
    .selectFrom('releases')
    .select('id')
    .where('assignment_id', '=', assignmentId)
    .limit(1)
    .executeTakeFirst()
  return release !== undefined
}

async function insertRelease(
  trx: Writer,
  row: { assignmentId: number; version: number; treeId: number; by: number; at: Micros },
): Promise<void> {
  await trx
    .insertInto('releases')
    .values({
      assignment_id: row.assignmentId,
      version: row.version,
      tree_id: row.treeId,
      released_by: row.by,
      released_at: row.at,
    })
    .execute()
}

async function findSubmission(
  db: Reader,
  assignmentId: number,
  userId: number,
  receivedAt: Micros,
): Promise<number | null> {
  const [submission] = await selectSubmission(db, assignmentId, userId, receivedAt)
  return submission?.id ?? null
}

const selectSubmission = prepared((db: Reader, assignmentId: number, userId: number, receivedAt: number) =>
  db
    .selectFrom('submissions')
    .select('id')
    .where('assignment_id', '=', assignmentId)
    .where('user_id', '=', userId)
    .where('received_at', '=', receivedAt),
)

const insertSubmission = prepared(
  (trx: Writer, assignment_id: number, user_id: number, received_at: number, tree_id: number) =>
    trx.insertInto('submissions').values({ assignment_id, user_id, received_at, tree_id }),
)

async function hasFeedback(trx: Writer, submissionId: number): Promise<boolean> {
  return (await selectFeedback(trx, submissionId)).length > 0
}

const selectFeedback = prepared((db: Reader, submissionId: number) =>
  db.selectFrom('feedback').select('id').where('submission_id', '=', submissionId).limit(1),
)

const insertFeedback = prepared(
  (trx: Writer, submission_id: number, tree_id: number, released_by: number, released_at: number) =>
    trx
      .insertInto('feedback')
      .values({ submission_id, tree_id, released_by, released_at, replaced_at: null }),
)

/** All files of the tree that goes are in the one that comes. */
async function replaceTree(
  trx: Writer,
  submission: { id: number; treeId: number },
  insertTree: () => Promise<number>,
): Promise<void> {
  const { numUpdatedRows } = await trx
    .updateTable('submissions')
    .set({ tree_id: await insertTree() })
    .where('id', '=', submission.id)
    .where('tree_id', '=', submission.treeId)
    .executeTakeFirst()
  if (numUpdatedRows === 0n) return
  await trx.deleteFrom('tree_files').where('tree_id', '=', submission.treeId).execute()
  await trx.deleteFrom('trees').where('id', '=', submission.treeId).execute()
}

/** When the import that a start begins was done; null where it was not. */
export async function findFinishedImport(db: Reader): Promise<Micros | null> {
  const event = await db
    .selectFrom('events')
    .select('at')
    .where('action', '=', 'finish-import')
    .orderBy('id') // it is among the first
    .limit(1)
    .executeTakeFirst()
  return event?.at ?? null
}
