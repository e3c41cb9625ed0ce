/** `ngshare audit …`: the record of events, read, exported and checked. */
import { Command, InvalidArgumentError, Option } from 'commander'
import { formatTimestamp, type Micros, parseTimestamp } from '../domain/timestamp.ts'
import { type HistoryEvent, selectEvents } from '../exchange/history.ts'
import { type HistoryFault, verifyHistory } from '../exchange/history-check.ts'
import { CommandFailed } from '../terminal/failure.ts'
import { report } from '../terminal/output.ts'
import { counted } from '../terminal/words.ts'
import { type DataOptions, type Ops, readingCommand } from './command.ts'

interface ListOptions extends DataOptions {
  readonly course?: string
  readonly assignment?: string
  readonly user?: string
  readonly action?: string
  readonly result?: string
  readonly since?: Micros
  readonly until?: Micros
  readonly format: 'table' | 'jsonl' | 'csv'
}

export function auditCommand(ops: Ops): Command {
  return new Command('audit')
    .description('The record of events: who did what to what, when, from where, with what result.')
    .addCommand(listCommand(ops), { isDefault: true })
    .addCommand(verifyCommand(ops))
}

function listCommand(ops: Ops): Command {
  const command = new Command('list')
    .description('Show events, oldest first; all filters that are given must hold.')
    .option('--course <COURSE>')
    .option('--assignment <ASSIGNMENT>')
    .option('--user <USER>', 'who did it, or whom it was done to')
    .option('--action <ACTION>', 'such as submit-assignment')
    .option('--result <RESULT>', '`done`, or the code of a refusal')
    .option('--since <MOMENT>', 'UTC, such as "2026-11-22 19:43:50"', moment)
    .option('--until <MOMENT>', 'UTC; before that', moment)
    .addOption(
      new Option('--format <FORMAT>', 'jsonl, or --json: a JSON object a line')
        .choices(['table', 'jsonl', 'csv'])
        .default('table'),
    )
  return readingCommand(ops, command, async ({ exchange }, options: ListOptions) => {
    const { course, assignment, user, action, result, since, until } = options
    const given = { course, assignment, user, action, result, since, until }
    const filter = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined))
    const write = options.json ? jsonLine : formats[options.format]
    if (write === csvLine) ops.io.print(csvHead)
    for (let afterId = 0; ; ) {
      const events = await selectEvents(exchange.db.read, { ...filter, afterId })
      const last = events.at(-1)
      if (last === undefined) return
      await ops.io.printMuch(events.map(write).join('\n'))
      afterId = last.id
    }
  })
}

interface VerifyOptions extends DataOptions {
  readonly head?: string
}

function verifyCommand(ops: Ops): Command {
  const command = new Command('verify')
    .description('Check that no event was changed, added or removed.')
    .option('--head <HASH>', 'what an earlier check gave as `head`: it must be in the chain still', hash)
  return readingCommand(ops, command, async ({ exchange }, { head, ...options }: VerifyOptions) => {
    const check = await verifyHistory(exchange.db.read, {
      ...(head === undefined ? {} : { head }),
      progress: events => ops.io.progress(`${events} events checked`),
    })
    ops.io.progress('')
    report(ops.io, options, check, () =>
      [
        `${counted(check.events, 'event')}, ${counted(check.seals, 'link')} of the chain, head ${check.head ?? 'none'}.`,
        ...check.faults.map(wordFault),
      ].join('\n'),
    )
    if (check.faults.length > 0)
      throw new CommandFailed(`${counted(check.faults.length, 'fault')} in the record of events`)
  })
}

function wordFault(fault: HistoryFault): string {
  switch (fault.kind) {
    case 'changed':
      return `Event ${fault.eventId} was changed.`
    case 'name-changed':
      return `A name in event ${fault.eventId} was changed.`
    case 'removed':
    case 'added':
      return `${wordRun(fault.eventId, fault.lastEventId)} ${fault.kind}.`
    case 'swapped':
      return `Events ${fault.eventId} and ${fault.otherEventId} were put in each other's place.`
    case 'chain-broken':
      return `Among events ${fault.firstEventId} to ${fault.eventId} some were added, removed or changed, or the link over them was.`
    case 'head-not-found':
      return 'The head is in no link: the chain was made anew since it was noted down, or this is an older copy.'
  }
}

function wordRun(first: number, last: number): string {
  return first === last ? `Event ${first} was` : `Events ${first} to ${last} were`
}

const formats = { table: tableLine, jsonl: jsonLine, csv: csvLine }

function tableLine(event: HistoryEvent): string {
  const { actor, action, course, assignment, subject, address, result } = event
  const what = [course, assignment].filter(part => part !== null).join('/')
  const whom = subject === null ? '' : `(${subject})`
  const outcome = result === 'done' ? '' : `refused: ${result}`
  const from = address === null ? '' : `from ${address}`
  const words = [formatTimestamp(event.at), actor ?? '(forgotten)', action, what, whom, from, outcome]
  return words
    .filter(word => word !== '')
    .join('  ')
    .replace(/\p{Cc}/gu, escaped)
}

/** What would move a terminal's cursor, or worse. */
function escaped(control: string): string {
  return `\\x${control.charCodeAt(0).toString(16).padStart(2, '0')}`
}

function jsonLine(event: HistoryEvent): string {
  return JSON.stringify({ ...event, at: formatTimestamp(event.at) })
}

const csvHead = 'id,at,actor,actor_kind,address,action,result,course,assignment,subject'

function csvLine(event: HistoryEvent): string {
  const { id, at, actor, actorKind, address, action, result, course, assignment, subject } = event
  return [id, formatTimestamp(at), actor, actorKind, address, action, result, course, assignment, subject]
    .map(csvField)
    .join(',')
}

/** Quoted where needed; what a spreadsheet would take for a formula is made text. */
function csvField(value: string | number | null): string {
  const text = String(value ?? '')
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}

function hash(text: string): string {
  if (!/^[0-9a-f]{64}$/.test(text)) throw new InvalidArgumentError('expected 64 hexadecimal digits')
  return text
}

function moment(text: string): Micros {
  const at = parseTimestamp(/\d:\d/.test(text) ? text : `${text} 00:00:00`)
  if (at === null) throw new InvalidArgumentError('expected a moment such as 2026-11-22 19:43:50')
  return at
}
