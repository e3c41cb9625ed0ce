// Who comes when, with which client, and hands in how much. The same for the same seed.

import { Random } from '../random.ts'

/** `old`: ngshare_exchange 0.5, which tries once, and a person who tries again. `better`: tries again by itself, as it is told. */
export type ClientKind = 'old' | 'better'

export type StudentPlan = {
  name: string
  course: string
  client: ClientKind
  /** Moments are in milliseconds from the beginning. */
  arrivesAt: number
  fetches: boolean
  submissions: { at: number; sizeBytes: number }[]
  /** Comes back for feedback. */
  looksAgainAt: number | null
}

export type Plan = {
  seed: string
  students: number
  /** What takes ten minutes in life takes this long: who comes when, and how long people think. */
  minutes: number
}

export const TEACHERS_OF_A_COURSE = 2
const STUDENTS_OF_A_COURSE = 5000
const SHARE_OF_OLD_CLIENTS = 0.6
const SHARE_THAT_FETCHES = 0.4
const SHARE_THAT_LOOKS_AGAIN = 0.4
/** So much denser are arrivals at the deadline than ten minutes before: e to this power. A third falls into the last minute. */
const CROWDING = 4
const LIFE_MINUTES = 10
const SECOND = 1000

/** Time in this replay for each in life: what people do by themselves is compressed as much as the whole. */
export function compression({ minutes }: Pick<Plan, 'minutes'>): number {
  return minutes / LIFE_MINUTES
}

export function deadlineOf({ minutes }: Pick<Plan, 'minutes'>): number {
  return minutes * 60 * SECOND
}

export function coursesOf({ students }: Pick<Plan, 'students'>): string[] {
  return Array.from({ length: Math.ceil(students / STUDENTS_OF_A_COURSE) }, (_, index) => courseName(index))
}

export function teacherName(course: string, index: number): string {
  return `${course}-teacher${index}`
}

export function studentName(index: number): string {
  return `student${String(index).padStart(5, '0')}`
}

export function courseOf(index: number): string {
  return courseName(Math.floor(index / STUDENTS_OF_A_COURSE))
}

function courseName(index: number): string {
  return `physics${101 + index}`
}

export function planStudent(plan: Plan, index: number): StudentPlan {
  const name = studentName(index)
  const random = new Random(`${plan.seed} ${name}`)
  const scale = compression(plan)
  const moments = planMoments(plan, random)
  const submissions = moments.map((at, attempt) => ({ at, sizeBytes: planSize(index, attempt, random) }))
  const first = submissions[0]?.at ?? 0
  const last = submissions.at(-1)?.at ?? 0
  const looksAgain = random.chance(SHARE_THAT_LOOKS_AGAIN)
  return {
    ...{ name, course: courseOf(index), submissions },
    client: random.chance(SHARE_OF_OLD_CLIENTS) ? 'old' : 'better',
    arrivesAt: Math.max(0, first - random.between(5, 90) * SECOND * scale),
    fetches: random.chance(SHARE_THAT_FETCHES),
    looksAgainAt: looksAgain ? last + random.between(20, 120) * SECOND * scale : null,
  }
}

/** One to three of them, not within half a minute of each other, and none after the deadline. */
function planMoments(plan: Plan, random: Random): number[] {
  const times = random.chance(0.6) ? 1 : random.chance(0.62) ? 2 : 3
  const drawn = Array.from({ length: times }, () => momentOf(random.next()) * deadlineOf(plan))
  const apart = 30 * SECOND * compression(plan)
  const moments: number[] = []
  for (const at of drawn.sort((one, other) => one - other))
    if (moments.length === 0 || at - (moments.at(-1) ?? 0) >= apart) moments.push(at)
  return moments
}

/** Where in the time a share of all submissions has come. */
function momentOf(share: number): number {
  return 1 + Math.log(share + (1 - share) * Math.exp(-CROWDING)) / CROWDING
}

const KB = 1000
const MB = 1000 * KB
/** Of a thousand students one hands in this; 8 GB for twenty thousand students, all in all. */
const HUGE_BYTES = 50 * MB
const HUGE_STUDENT = 7

export const SIZES_IN_WORDS =
  '90 % 20 to 300 KB, 8 % 0.3 to 2 MB, 2 % 2 to 10 MB, and one student of a thousand 50 MB'

function planSize(index: number, attempt: number, random: Random): number {
  const [from, to] = random.chance(0.9)
    ? [20 * KB, 300 * KB]
    : random.chance(0.8)
      ? [300 * KB, 2 * MB]
      : [2 * MB, 10 * MB]
  // As many between 20 and 40 KB as between 100 and 200.
  const sizeBytes = Math.round(from * (to / from) ** random.next())
  return index % 1000 === HUGE_STUDENT && attempt === 0 ? HUGE_BYTES : sizeBytes
}
