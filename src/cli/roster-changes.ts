/** What a roster would become, and how that is told. */
import type { Member } from '../client/operations.ts'
import { columns, printable } from '../terminal/table.ts'
import type { Session } from './command.ts'
import type { Role, RosterEntry } from './roster-file.ts'

/** One person as the server is asked to have them; details that are left out stay as they are. */
export interface Change {
  readonly user: string
  readonly role: Role
  readonly firstName?: string | null
  readonly lastName?: string | null
  readonly email?: string | null
}

export interface Outcome {
  readonly user: string
  readonly outcome: 'added' | 'changed' | 'unchanged' | 'refused'
  readonly reason?: string | undefined
}

const details = { firstName: 'first name', lastName: 'last name', email: 'e-mail' } as const
const detailKeys = Object.keys(details) as (keyof typeof details)[]

/**
 * A role that is not said is the one that the person has, or else student. Where nothing is known and nothing said, two ways
 * to say nothing are no change.
 */
export function changesFor(entries: readonly RosterEntry[], members: ReadonlyMap<string, Member>): Change[] {
  return entries.map(entry => {
    const member = members.get(entry.user)
    const said = detailKeys.flatMap(key => {
      const value = entry[key]
      if (value === undefined || (value === '' && !member?.[key])) return []
      return [[key, value === '' ? null : value]]
    })
    return { user: entry.user, role: entry.role ?? member?.role ?? 'student', ...Object.fromEntries(said) }
  })
}

/** At once, and as one: 10,000 is what the server takes. */
export async function askForChanges(
  { client, signal }: Session,
  input: { course: string; changes: readonly Change[]; dryRun: boolean },
): Promise<Outcome[]> {
  const outcomes: Outcome[] = []
  for (let at = 0; at < input.changes.length; at += mostAtOnce) {
    const members = input.changes.slice(at, at + mostAtOnce)
    const path = { course: input.course }
    const { items } = await client.call('changeMembers', {
      path,
      body: { members, dryRun: input.dryRun },
      signal,
    })
    outcomes.push(...items)
  }
  return outcomes
}

const mostAtOnce = 10_000

/** A line for everybody who would not stay as they are. */
export function changeTable(input: {
  outcomes: readonly Outcome[]
  changes: readonly Change[]
  members: ReadonlyMap<string, Member>
  removed: readonly Member[]
}): string {
  const { outcomes, changes, members, removed } = input
  const rows = outcomes.flatMap(({ user, outcome, reason }, i) => {
    const change = changes[i]
    if (outcome === 'unchanged' || change === undefined) return []
    if (outcome === 'refused') return [['!', user, refusalInWords(reason)]]
    const member = members.get(user)
    if (outcome === 'added' || member === undefined) return [['+', user, personInWords(change)]]
    return [['~', user, differences(member, change)]]
  })
  const gone = removed.map(member => ['-', member.user, personInWords(member)])
  return columns([...rows, ...gone], { left: [0, 1, 2] })
}

export function personInWords({ role, firstName, lastName, email }: Omit<Change, 'user'>): string {
  const name = [firstName, lastName].filter(Boolean).join(' ')
  return [role, name, email ? `<${email}>` : ''].filter(text => text !== '').join(' ')
}

function differences(member: Member, change: Change): string {
  const role = member.role === change.role ? [] : [`${member.role} → ${change.role}`]
  const others = detailKeys.flatMap(key => {
    const wanted = change[key]
    if (wanted === undefined || wanted === member[key]) return []
    return [`${details[key]}: ${quoted(member[key])} → ${quoted(wanted)}`]
  })
  const all = [...role, ...others]
  return all.length === 0 ? 'also without a group of the hub' : all.join(', ')
}

function quoted(text: string | null): string {
  return text ? `"${text}"` : 'none'
}

export function refusalInWords(code: string | undefined): string {
  return refusals[code ?? ''] ?? `refused: ${printable(code ?? 'for a reason that was not told')}`
}

const refusals: Readonly<Record<string, string>> = {
  'cannot-modify-instructors': 'refused: only admins appoint instructors',
  'cannot-modify-other-instructors': 'refused: only admins change the details of other instructors',
  'instructor-is-no-student': 'refused: who teaches the course cannot take it',
  'illegal-name': 'refused: a name has 1 to 255 bytes, no control characters, and is not . or ..',
}
