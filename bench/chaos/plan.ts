// What is to happen: who wants what of the server, and when what goes wrong. The same for the same seed.

import { Random } from '../random.ts'

/** What someone opens the exchange for. `receipt`: of one of the submissions so far, to be kept. */
export type Errand = { kind: 'submit' | 'fetch' | 'list' | 'receipt'; student: string }

/** Moments of the replay are told in acknowledged submissions, so that a slow machine has the same story. */
export type Moment = number

export type Kill = {
  at: Moment
  delayMs: number
  /** Not null: killed once more, so long after it was started again. */
  againAfterMs: number | null
}

export const STALLS = ['hang', 'error', 'closed', 'cut off', 'unavailable', 'frozen'] as const
export type Stall = (typeof STALLS)[number]

export type Plan = {
  seed: string
  students: string[]
  /** In this order, many at a time. */
  errands: Errand[]
  submissions: number
  kills: Kill[]
  /** Each time the server is killed once more, so that it has to start on a full disk. */
  fills: { at: Moment; forMs: number }[]
  /** `killAfterMs`: into some of them it is killed once more, and knows nobody any more. */
  stalls: { at: Moment; forMs: number; stall: Stall; killAfterMs: number | null }[]
  /** When the signing key is changed. */
  rotateKeyAt: Moment
}

/** How often the plan kills, all in all. */
export function countKills({ kills, fills, stalls }: Pick<Plan, 'kills' | 'fills' | 'stalls'>): number {
  const twice = kills.filter(({ againAfterMs }) => againAfterMs !== null).length
  return kills.length + twice + fills.length + stalls.filter(({ killAfterMs }) => killAfterMs !== null).length
}

export type PlanOptions = {
  seed: string
  students: number
  kills: number
  stalls: number
  fillsDisk: boolean
}

const FILLS = 2
const STALLS_FOR_A_KILL = 3
const SHARE_KILLED_TWICE = 0.1
/** From spawning to listening it takes about as long. */
const START_MS = 600

export function makePlan({ seed, students: count, kills, stalls, fillsDisk }: PlanOptions): Plan {
  const students = Array.from({ length: count }, (_, index) => `student${String(index).padStart(4, '0')}`)
  const errands = planErrands(students, new Random(`${seed} errands`))
  const submissions = errands.filter(({ kind }) => kind === 'submit').length
  const random = new Random(`${seed} trouble`)
  const spread = (parts: number) =>
    Array.from({ length: parts }, (_, part) =>
      Math.round((submissions * (part + random.between(0.15, 0.85))) / parts),
    )
  const stretch = () => random.between(1500, 3000)
  const fills = fillsDisk ? spread(FILLS).map(at => ({ at, forMs: stretch() })) : []
  const kinds = random.shuffle(STALLS)
  const stallPlan = spread(stalls).map((at, index) => ({
    at,
    forMs: stretch(),
    stall: kinds[index % kinds.length] ?? 'hang',
    killAfterMs: index % STALLS_FOR_A_KILL === 0 ? random.between(0, 1000) : null,
  }))
  const others = countKills({ kills: [], fills, stalls: stallPlan })
  return {
    ...{ seed, students, errands, submissions, fills },
    stalls: stallPlan,
    kills: planKills(kills - others, submissions, random),
    rotateKeyAt: Math.round(submissions / 2),
  }
}

/** One to three submissions each; a few fetch, list, and keep receipts. */
function planErrands(students: readonly string[], random: Random): Errand[] {
  const errands = students.flatMap(student => {
    const of = (kind: Errand['kind'], times: number) =>
      Array.from({ length: times }, () => ({ kind, student }))
    return [
      ...of('submit', random.whole(1, 3)),
      ...of('fetch', random.whole(0, 1)),
      ...of('list', random.whole(0, 1)),
      ...of('receipt', random.whole(0, 1)),
    ]
  })
  return random.shuffle(errands)
}

function planKills(kills: number, submissions: number, random: Random): Kill[] {
  const plan: Kill[] = []
  for (let left = kills; left > 0; ) {
    const isTwice = left > 1 && random.chance(SHARE_KILLED_TWICE)
    plan.push({
      at: Math.round(submissions * random.between(0.01, 0.97)),
      delayMs: random.between(0, 20),
      againAfterMs: isTwice ? random.between(0, START_MS) : null,
    })
    left -= isTwice ? 2 : 1
  }
  return plan.sort((one, other) => one.at - other.at)
}
