// The promises of a deadline, each a sentence that is true or not.

import type { CommandResult } from '../peers/ours.ts'
import type { Exit } from '../peers/server-process.ts'
import type { LogTally } from '../report/server-log.ts'
import type { Plan } from './plan.ts'
import type { Proof } from './proof.ts'
import type { Faults, Story } from './story.ts'
import { KINDS } from './tally.ts'
import type { Watching } from './watch-process.ts'

/** `faults` say where it is not true. */
export type Claim = { claim: string; faults: string[]; looked: string }

export type Happened = {
  plan: Plan
  stories: Story[]
  watched: Watching
  proof: Proof
  exits: Exit[]
  verified: CommandResult[]
  log: LogTally
}

/** What docs/operations.md says is enough when every bound is reached at once. */
export const MOST_RESIDENT_MB = 1000

export function judge(happened: Happened): Claim[] {
  const { stories, watched, proof, log } = happened
  const told = stories.flatMap(story => story.told)
  const having = (kind: string) => told.filter(({ outcome }) => outcome.kind === kind).length
  const faults = (name: keyof Faults) => stories.flatMap(story => story.faults[name])
  const largest = watched.uses.map(({ groups }) => (groups.ngshare?.largestBytes ?? 0) / 1e6)
  return [
    {
      claim: 'every acknowledged submission can be collected byte for byte, under the moment that was told',
      faults: proof.lost,
      looked: `${having('acknowledged')} acknowledged`,
    },
    {
      claim: 'every receipt is genuine, is the one that was told, and says exactly these files',
      faults: proof.receipts,
      looked: `${having('acknowledged')} receipts`,
    },
    {
      claim: 'nobody was told wrongly that nothing was stored, and nothing is there twice or in part',
      faults: proof.toldWrongly,
      looked: `${having('denied')} told so, ${having('open')} left in doubt, ${proof.storedUnconfirmed} of these there`,
    },
    {
      claim: 'no two submissions of a student have the same moment',
      faults: proof.sameMoment,
      looked: `${proof.stored} stored`,
    },
    everybodyIsIn(happened),
    {
      claim: 'lists and downloads never lacked what had been acknowledged',
      faults: faults('forgotten'),
      looked: countOf(stories, ['list', 'teacher lists', 'teacher collects']),
    },
    {
      claim: 'what was fetched is what was released or handed back',
      faults: faults('wrong'),
      looked: countOf(stories, ['fetch', 'fetch feedback', 'receipt']),
    },
    {
      claim: 'nobody got an answer that a full house does not explain',
      faults: faults('strange'),
      looked: countOf(stories, KINDS),
    },
    {
      claim: 'who is sent away is told when to come again',
      faults: faults('withoutRetryAfter'),
      looked: `${refusals(stories)} refusals`,
    },
    {
      claim: 'the server lives and is ready, each time that it is asked',
      faults: watched.polls.flatMap(({ port, path, atMs, fault }) =>
        fault === null ? [] : [`after ${(atMs / 1000).toFixed(0)} s, ${path} of ${port}: ${fault}`],
      ),
      looked: `${watched.polls.length} times`,
    },
    {
      claim: `no process of the server keeps more than ${MOST_RESIDENT_MB} MB`,
      faults: Math.max(0, ...largest) > MOST_RESIDENT_MB ? [`${Math.max(...largest).toFixed(0)} MB`] : [],
      looked: `${watched.uses.length} looks`,
    },
    {
      claim: 'in the end it stops in order',
      faults: happened.exits.flatMap(({ code, signal }) =>
        code === 0 ? [] : [`ended with ${code ?? signal}`],
      ),
      looked: 'SIGTERM',
    },
    {
      claim: '`ngshare verify` and `ngshare audit verify` find nothing wrong',
      faults: happened.verified.flatMap(({ code, said, complained }) =>
        code === 0 ? [] : [`exit code ${code}: ${`${said}${complained}`.trim().slice(0, 2000)}`],
      ),
      looked: happened.verified.map(({ said }) => said.trim().split('\n')[0]?.slice(0, 60)).join(' · '),
    },
    {
      claim: 'the log has no crash in it, and no line that is not a log line',
      faults: [
        ...log.loose.slice(0, 20),
        ...log.said.filter(({ level }) => level === 'fatal').map(({ message }) => message),
      ],
      looked: `${log.said.reduce((sum, { times }) => sum + times, 0)} warnings and errors`,
    },
  ]
}

function everybodyIsIn({ plan, stories }: Happened): Claim {
  const wishes = stories.flatMap(story => story.wishes)
  const submitted = new Set(wishes.flatMap(({ student, isDone }) => (isDone ? [student] : [])))
  return {
    claim: 'in the end everybody who pressed the button has submitted',
    faults: wishes.flatMap(({ student, isDone, tries, sizeBytes }) =>
      isDone
        ? []
        : [
            `${student} gave up ${tries === 0 ? 'before the first try' : `after ${tries} tries`} with ${(sizeBytes / 1e6).toFixed(1)} MB`,
          ],
    ),
    looked: `${wishes.length} wishes of ${submitted.size} of ${plan.students} students`,
  }
}

function countOf(stories: readonly Story[], kinds: readonly (typeof KINDS)[number][]): string {
  const answered = stories.flatMap(({ tally }) => kinds.map(kind => tally[kind].atMs.length))
  return `${answered.reduce((sum, times) => sum + times, 0)} answers`
}

export function refusals(stories: readonly Story[]): number {
  const counts = stories.flatMap(({ tally }) =>
    KINDS.flatMap(kind =>
      [...tally[kind].outcomes].flatMap(([outcome, times]) => (/^(?!200)\d/.test(outcome) ? [times] : [])),
    ),
  )
  return counts.reduce((sum, times) => sum + times, 0)
}
