/** What an import is going to write: what comes, less what is here. */
import { formatTimestamp, type Micros } from '../domain/timestamp.ts'
import type { StagedFile, StagedTree } from './directory-trees.ts'
import {
  type AssignmentToImport,
  type CourseToImport,
  type ImportCounts,
  type ImportOptions,
  noCounts,
  type Oddity,
  type SubmissionToImport,
} from './imported-facts.ts'
import {
  type AssignmentHere,
  findImportedUser,
  type KnownFile,
  nothingHere,
  readCourse,
  type SubmissionHere,
  submissionKey,
} from './imported-here.ts'
import { type FileToImport, withLegalPaths } from './imported-trees.ts'
import { sideBySide } from './side-by-side.ts'

/** What is to be written, tree by tree: their files are read last, and only once. */
export interface Plan {
  readonly course: string
  readonly members: CourseToImport['members']
  readonly assignments: readonly AssignmentPlan[]
  readonly added: ImportCounts
  readonly present: ImportCounts
}

export interface AssignmentPlan {
  readonly assignment: string
  readonly releases: readonly TreeToImport[]
  readonly submissions: readonly SubmissionPlan[]
}

export interface SubmissionPlan {
  readonly student: string
  readonly receivedAt: Micros
  /** Null where it is here. */
  readonly tree: TreeToImport | null
  /** Takes the place of one here that lacks files. */
  readonly completes: { readonly id: number; readonly treeId: number } | null
  readonly feedback: TreeToImport | null
}

export interface TreeToImport {
  readonly files: readonly FileToImport[]
  staged: StagedTree | null
}
export async function planCourse(course: CourseToImport, options: ImportOptions): Promise<Plan> {
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

export async function stageTrees(plan: Plan): Promise<void> {
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
export function stagedTree(tree: TreeToImport): StagedTree {
  if (tree.staged === null) throw new Error('a tree is written before its files were read')
  return tree.staged
}
