/** What an import has done, and what was odd about it. */

import { Trouble } from '../../domain/errors.ts'
import type { Caller, Exchange } from '../../exchange/exchange.ts'
import { importCourse } from '../../exchange/imported.ts'
import {
  type CourseToImport,
  type ImportCounts,
  type ImportedCourse,
  noCounts,
  type Oddity,
} from '../../exchange/imported-facts.ts'

export interface ImportReport {
  readonly dryRun: boolean
  readonly source: string
  readonly seconds: number
  /** Also those of no course. */
  readonly newUsers: number
  readonly added: ImportCounts
  readonly present: ImportCounts
  readonly courses: readonly ({ readonly course: string } & ImportedCourse)[]
  readonly oddities: readonly Oddity[]
}

/** Where an import goes, how it is done, and whom it tells. */
export interface ImportRun {
  /** Null where there is nothing yet, for a dry run. */
  readonly exchange: Exchange | null
  readonly caller: Caller
  readonly dryRun: boolean
  progress(text: string): void
}

/** Gathers while the courses come over one by one. */
export class ImportLog {
  readonly #run: ImportRun
  readonly #startedAt = performance.now()
  readonly #courses: ({ course: string } & ImportedCourse)[] = []
  readonly #oddities: Oddity[] = []
  readonly #oddNames = new Set<string>()
  #newUsers = 0

  constructor(run: ImportRun) {
    this.#run = run
  }

  /** What is odd about a name is told once. */
  readonly odd = (oddity: Oddity): void => {
    const { kind, course, assignment, student } = oddity
    if (kind === 'odd-name' || kind === 'unknown-user') {
      const name = JSON.stringify([kind, course, assignment, student])
      if (this.#oddNames.has(name)) return
      this.#oddNames.add(name)
    }
    this.#oddities.push(oddity)
  }

  countUsers(newUsers: number): void {
    this.#newUsers += newUsers
  }

  /** @throws Trouble; what came over before stays */
  async bring(course: CourseToImport, place: { at: number; of: number }): Promise<void> {
    const { exchange, caller, dryRun } = this.#run
    this.#run.progress(`course ${place.at} of ${place.of}: ${course.course}`)
    try {
      const imported = await importCourse(course, { exchange, caller, dryRun, odd: this.odd })
      this.#courses.push({ course: course.course, ...imported })
    } catch (error) {
      if (!(error instanceof Trouble)) throw error
      const where = `at course ${course.course}, ${place.at} of ${place.of}`
      const advice = 'what came over before it stays: run the same again to go on'
      throw new Trouble(error.kind, `${error.message} (${where}; ${advice})`, { cause: error })
    }
  }

  report(source: string): ImportReport {
    this.#run.progress('')
    return {
      dryRun: this.#run.dryRun,
      source,
      seconds: Math.round(performance.now() - this.#startedAt) / 1000,
      newUsers: this.#newUsers,
      added: sum(this.#courses.map(course => course.added)),
      present: sum(this.#courses.map(course => course.present)),
      courses: this.#courses,
      oddities: sorted(this.#oddities),
    }
  }
}

/** Files are read side by side: the order in which they were found odd means nothing. */
function sorted(oddities: readonly Oddity[]): Oddity[] {
  const keyOf = ({ kind, course, assignment, student, timestamp, path, detail }: Oddity) =>
    [kind, course, assignment, student, timestamp, path, detail].map(part => part ?? '').join('\0')
  return oddities
    .map(oddity => ({ oddity, key: keyOf(oddity) }))
    .sort((one, other) => (one.key < other.key ? -1 : one.key > other.key ? 1 : 0))
    .map(({ oddity }) => oddity)
}

function sum(parts: readonly ImportCounts[]): ImportCounts {
  const total = noCounts()
  for (const part of parts) {
    for (const name of Object.keys(total) as (keyof ImportCounts)[]) total[name] += part[name]
  }
  return total
}

const shownOfAKind = 20

/** For people: what came over, then the odd things by kind, the first of each. */
export function wordReport(report: ImportReport): string {
  const { dryRun, added, present, newUsers, seconds, oddities } = report
  const lines = [
    `${dryRun ? 'Would come' : 'Came'} over from ${report.source}, in ${seconds} s:`,
    `  ${wordCounts(added)}, ${newUsers} users`,
    `  ${added.files} files, ${(added.bytes / 1e6).toFixed(1)} MB`,
  ]
  if (added.completed > 0) lines.push(`  ${added.completed} submissions that lacked files until now`)
  lines.push(`Was here before: ${wordCounts(present)}`)
  if (oddities.length === 0) return [...lines, 'Nothing was odd.'].join('\n')
  const lost = oddities.filter(oddity => !oddity.imported).length
  lines.push(
    `${oddities.length} odd things, of which ${lost} did not come over; the original still has everything:`,
  )
  for (const [kind, those] of Map.groupBy(oddities, oddity => oddity.kind)) {
    lines.push(`  ${kind}: ${those.length}`)
    for (const oddity of those.slice(0, shownOfAKind)) lines.push(`    ${wordOddity(oddity)}`)
    if (those.length > shownOfAKind) lines.push(`    … all ${those.length} with --json`)
  }
  return lines.join('\n')
}

export function wordOddity(oddity: Oddity): string {
  const { course, assignment, student, timestamp, path } = oddity
  const where = [[course, assignment].filter(Boolean).join('/'), student, timestamp, path]
    .filter(part => part !== undefined && part !== '')
    .join(', ')
  return `${where === '' ? '' : `${where}: `}${oddity.detail}${oddity.imported ? '' : ' [not imported]'}`
}

function wordCounts(counts: ImportCounts): string {
  return [
    `${counts.courses} courses`,
    `${counts.members} members`,
    `${counts.assignments} assignments`,
    `${counts.submissions} submissions`,
    `${counts.feedback} with feedback`,
  ].join(', ')
}
