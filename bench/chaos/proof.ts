// What must be true afterwards: of everything that anybody was told, and of everything that is stored.

import { createPublicKey, type KeyObject } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { isGenuine, type Receipt } from '../../src/domain/receipt.ts'
import { forEach } from '../../test/faults/eventually.ts'
import { inspect } from '../../test/faults/stored-facts.ts'
import { summaryOf, type Work, workIn } from '../../test/faults/student-work.ts'
import { tallyLog } from '../report/server-log.ts'
import type { Attempt, Chronicle } from './chronicle.ts'
import { nameOf, receiptPath, type Submission, submissionPath } from './people.ts'
import { countKills, type Plan } from './plan.ts'
import type { CommandResult, Scene } from './scene.ts'
import type { TroublesSeen } from './troubles.ts'
import type { Mishap } from './victim.ts'
import { ask } from './wire.ts'
import { ASSIGNMENT, COURSE, INSTRUCTOR, serialIn, workOf } from './work.ts'

/** A sentence that must be true; `faults` say where it is not. */
export type Check = { claim: string; faults: string[]; looked: string; skipped?: string }

export type Proof = { checks: Check[]; stored: number; unacknowledgedStored: number }

type Story = { plan: Plan; chronicle: Chronicle; scene: Scene; troubles: TroublesSeen; isTimeUp: boolean }

const AT_ONCE = 8
const SHOWN_TO_PROGRAM = 3

/** Ends with the server stopped. */
export async function prove(story: Story): Promise<Proof> {
  const { chronicle, scene } = story
  const { port } = scene.victim
  const collected = await collectAll(story)
  const receipts = await checkReceipts(story, collected)
  const kept = await checkKeptReceipts(story, await publicKeys(port))
  const auditWhileRunning = await scene.command(['audit', 'verify'])
  const exit = await scene.victim.stop()
  const stop = exit.code === 0 ? [] : [`ended with ${exit.code ?? exit.signal}`]
  const { acknowledged } = chronicle
  const denied = chronicle.attempts.filter(({ outcome }) => outcome.kind === 'denied').length
  const open = chronicle.attempts.length - acknowledged - denied
  const { faults } = collected
  const checks: Check[] = [
    ...checksOfStory(story),
    {
      claim: 'every acknowledged submission can be collected byte for byte, under the moment that was told',
      faults: faults.lost,
      looked: `${acknowledged} acknowledged`,
    },
    {
      claim: 'of what was told "nothing was stored", or reached nobody, nothing is there',
      faults: faults.toldWrongly,
      looked: `${denied} such`,
    },
    {
      claim: 'what nobody confirmed is there whole and once, or not at all',
      faults: faults.half,
      looked: `${open} open, ${collected.unacknowledged} of them there`,
    },
    {
      claim: 'no two submissions of a student have the same moment',
      faults: faults.sameMoment,
      looked: `${collected.submissions.length} stored`,
    },
    {
      claim: 'every receipt verifies offline, and says exactly these files and that moment',
      faults: receipts,
      looked: `${collected.submissions.length} receipts`,
    },
    kept,
    {
      claim: 'lists and downloads never lacked what had been acknowledged',
      faults: chronicle.faults.forgotten,
      looked: `${chronicle.count(({ what, status }) => what.startsWith('GET sub') && status === 200)} lists and downloads`,
    },
    {
      claim: 'a fetched assignment is what was released',
      faults: chronicle.faults.wrongRelease,
      looked: `${chronicle.count(({ what, status }) => what.startsWith('GET assignment') && status === 200)} fetched`,
    },
    {
      claim: 'nobody got an answer that the trouble does not explain',
      faults: chronicle.faults.strange,
      looked: `${chronicle.seen.length} answers`,
    },
    { claim: 'in the end it stops in order', faults: stop, looked: 'SIGTERM' },
    await checkHistory(story, collected),
    checkCommand('`ngshare audit verify` finds nothing wrong, running or stopped', [
      auditWhileRunning,
      await scene.command(['audit', 'verify']),
    ]),
    checkCommand('`ngshare verify` finds nothing wrong', [await scene.command(['verify'])]),
    checkStoredFacts(scene),
    checkLog(scene),
  ]
  return { checks, stored: collected.submissions.length, unacknowledgedStored: collected.unacknowledged }
}

function checksOfStory({ plan, chronicle, scene, troubles, isTimeUp }: Story): Check[] {
  const { victim } = scene
  const waiting = new Set(plan.errands.flatMap(({ kind, student }) => (kind === 'submit' ? [student] : [])))
  for (const { student, outcome } of chronicle.attempts)
    if (outcome.kind === 'acknowledged') waiting.delete(student)
  const planned = countKills(plan)
  const unfelt = [
    ...troubles.fills.flatMap(({ refused }, index) =>
      refused > 0 ? [] : [`filling ${index + 1}: nobody felt it`],
    ),
    ...(troubles.stalls.some(({ refused }) => refused > 0) ? [] : ['nobody felt that the hub stalled']),
    ...(victim.kills === planned ? [] : [`${victim.kills} kills instead of ${planned}`]),
    ...(troubles.fills.length === plan.fills.length ? [] : ['the disk was not filled as planned']),
    ...(troubles.stalls.length === plan.stalls.length ? [] : ['the hub did not stall as planned']),
    ...(troubles.keyChanged ? [] : ['the key could not be changed']),
  ]
  return [
    {
      claim: 'all the trouble took place, and was felt',
      faults: unfelt,
      looked: `${victim.kills} kills, ${troubles.fills.length} × full, ${troubles.stalls.length} stalls`,
      ...(scene.disk === null ? { skipped: `a full disk: ${scene.noDiskBecause}` } : {}),
    },
    {
      claim: 'in the end everybody has submitted',
      faults: [...(isTimeUp ? ['the time was up before everybody had'] : []), ...waiting],
      looked: `${plan.students.length} students`,
    },
    {
      claim: 'it ends only when it is killed, and starts again each time; on a full disk it may say why not',
      faults: victim.mishaps.filter(mishap => !isForgiven(mishap)).map(describeMishap),
      looked: `${victim.startsMs.length} starts, ${victim.mishaps.length} refused`,
    },
  ]
}

/** A start that is refused for want of space, in one plain line, by an orderly exit. */
function isForgiven({ what, exit, log }: Mishap): boolean {
  return what === 'start failed' && exit?.code === 1 && /space|full/i.test(log) && !/\n\s+at /.test(log)
}

function describeMishap({ what, exit, log }: Mishap): string {
  return `${what} (${exit?.code ?? exit?.signal ?? 'killed by the harness'}): ${log.trim()}`
}

type Collected = {
  submissions: Submission[]
  /** By the name of the submission: what it is known to be. */
  known: Map<string, { attempt: Attempt; work: Work }>
  unacknowledged: number
  faults: { lost: string[]; toldWrongly: string[]; half: string[]; sameMoment: string[] }
}

/** The instructor downloads everything that is listed, and each file tells which attempt it comes from. */
async function collectAll({ plan, chronicle, scene }: Story): Promise<Collected> {
  const { port } = scene.victim
  const faults: Collected['faults'] = { lost: [], toldWrongly: [], half: [], sameMoment: [] }
  const { fields } = await ask(port, INSTRUCTOR, `submissions/${COURSE}/${ASSIGNMENT}`)
  const submissions = fields.submissions as Submission[]
  const attempts = new Map(chronicle.attempts.map(attempt => [attempt.serial, attempt]))
  const known: Collected['known'] = new Map()
  const places = new Map<number, string>()
  const names = new Set<string>()
  for (const submission of submissions) {
    if (names.has(nameOf(submission))) faults.sameMoment.push(nameOf(submission))
    names.add(nameOf(submission))
  }
  let unacknowledged = 0
  await forEach(submissions, AT_ONCE, async submission => {
    const { student_id: student, timestamp } = submission
    const name = nameOf(submission)
    const found = await collect(port, { student, timestamp })
    const attempt = typeof found === 'string' ? undefined : attempts.get(serialIn(found) ?? -1)
    if (typeof found === 'string' || attempt === undefined || attempt.student !== student) {
      faults.half.push(`${name}: ${typeof found === 'string' ? found : 'nobody sent that'}`)
      return
    }
    const { serial, outcome } = attempt
    const work = workOf(plan.seed, attempt)
    const elsewhere = places.get(serial)
    places.set(serial, name)
    if (elsewhere !== undefined) faults.half.push(`${name}: is there as ${elsewhere}, too`)
    else if (summaryOf(found) !== summaryOf(work)) faults.half.push(`${name}: has other files than were sent`)
    else if (outcome.kind === 'denied') faults.toldWrongly.push(`${name}: is there`)
    else known.set(name, { attempt, work })
    if (outcome.kind !== 'acknowledged') unacknowledged++
  })
  for (const { student, outcome } of chronicle.attempts) {
    if (outcome.kind !== 'acknowledged') continue
    const name = nameOf({ student_id: student, timestamp: outcome.timestamp })
    const told = known.get(name)?.attempt.outcome
    if (told?.kind !== 'acknowledged' || told.timestamp !== outcome.timestamp)
      faults.lost.push(`${name}: ${names.has(name) ? 'is not what was submitted' : 'is not there'}`)
  }
  return { submissions, known, unacknowledged, faults }
}

/** The files, or what came instead. */
async function collect(port: number, of: { student: string; timestamp: string }): Promise<Work | string> {
  try {
    const { status, fields } = await ask(port, INSTRUCTOR, submissionPath(of))
    if (status !== 200) return `${status} ${JSON.stringify(fields)}`
    if (fields.timestamp !== of.timestamp) return `came with the moment ${fields.timestamp}`
    return workIn(fields)
  } catch (error) {
    return String(error)
  }
}

type Keys = ReadonlyMap<string, KeyObject>

async function publicKeys(port: number): Promise<Keys> {
  const { fields } = await ask(port, INSTRUCTOR, 'receipt-keys')
  const keys = fields.keys as { id: string; publicKey: string }[]
  return new Map(keys.map(({ id, publicKey }) => [id, createPublicKey(publicKey)]))
}

async function checkReceipts({ scene }: Story, { known }: Collected): Promise<string[]> {
  const { port } = scene.victim
  const keys = await publicKeys(port)
  const faults: string[] = []
  await forEach(known, AT_ONCE, async ([name, { attempt, work }]) => {
    const { student, outcome } = attempt
    const timestamp = name.slice(student.length + 1)
    const { status, fields } = await ask(port, INSTRUCTOR, receiptPath({ student, timestamp }))
    if (status !== 200) {
      faults.push(`${name}: ${status} ${JSON.stringify(fields)}`)
      return
    }
    const receipt = fields.receipt as Receipt
    const wrong = wrongIn(receipt, keys, { student, timestamp, work })
    if (wrong !== null) faults.push(`${name}: ${wrong}`)
    if (outcome.kind === 'acknowledged' && outcome.receipt !== receipt.id)
      faults.push(`${name}: was told the receipt ${outcome.receipt}, and got ${receipt.id}`)
  })
  return faults
}

/** Null: genuine, and it says what it should. */
function wrongIn(
  receipt: Receipt,
  keys: Keys,
  expected: { student: string; timestamp: string; work: Work },
): string | null {
  const key = keys.get(receipt.key)
  if (key === undefined) return `signed by ${receipt.key}, which is no key of this service`
  if (!isGenuine(receipt, key)) return 'is not genuine'
  const { course, assignment, student, receivedAt, files } = receipt
  const said = [course, assignment, student, receivedAt].join(' ')
  const wanted = [COURSE, ASSIGNMENT, expected.student, expected.timestamp].join(' ')
  if (said !== wanted) return `speaks of ${said}`
  const listed = files.map(({ path, sizeBytes, sha256 }) => `${path} ${sizeBytes} ${sha256}`).join('\n')
  return listed === summaryOf(expected.work) ? null : 'lists other files'
}

/** Those of the replay, with the keys of the end; and a few by the program that people would use. */
async function checkKeptReceipts({ plan, chronicle, scene }: Story, keys: Keys): Promise<Check> {
  const attempts = new Map(
    chronicle.attempts.flatMap(attempt =>
      attempt.outcome.kind === 'acknowledged'
        ? [[nameOf({ student_id: attempt.student, timestamp: attempt.outcome.timestamp }), attempt] as const]
        : [],
    ),
  )
  const faults: string[] = []
  for (const { student, timestamp, receipt } of chronicle.receipts) {
    const name = nameOf({ student_id: student, timestamp })
    const attempt = attempts.get(name)
    const work = attempt === undefined ? [] : workOf(plan.seed, attempt)
    const wrong = wrongIn(receipt, keys, { student, timestamp, work })
    if (wrong !== null) faults.push(`${name}: ${wrong}`)
  }
  const keyFile = join(scene.folder, 'keys.json')
  const { fields } = await ask(scene.victim.port, INSTRUCTOR, 'receipt-keys')
  await writeFile(keyFile, JSON.stringify(fields))
  const shown = [
    ...chronicle.receipts.slice(0, SHOWN_TO_PROGRAM),
    ...chronicle.receipts.slice(-SHOWN_TO_PROGRAM),
  ]
  for (const { student, receipt } of shown) {
    const file = join(scene.folder, `receipt-${receipt.id}.json`)
    await writeFile(file, JSON.stringify(receipt))
    const args = ['receipt', 'verify', file, '--keys', keyFile]
    const { code, complained } = await scene.command(args, { withData: false })
    if (code !== 0) faults.push(`${student}: the program says ${code}: ${complained.trim()}`)
  }
  const signers = new Set(chronicle.receipts.map(({ receipt }) => receipt.key)).size
  return {
    claim: 'receipts that students kept are still good, also for `ngshare receipt verify`',
    faults,
    looked: `${chronicle.receipts.length} receipts of ${signers} keys`,
  }
}

/** Each submission is on the record of events once, and none is that is not there. */
async function checkHistory({ scene }: Story, { submissions }: Collected): Promise<Check> {
  const claim = 'the record of events has each submission once, and no other'
  const args = ['audit', 'list', '--action', 'submit-assignment', '--result', 'done', '--format', 'jsonl']
  const { code, said, complained } = await scene.command(args)
  if (code !== 0) return { claim, faults: [`audit list says ${code}: ${complained.trim()}`], looked: '' }
  const lines = said.split('\n').filter(line => line !== '')
  const events = lines.map(line => JSON.parse(line) as { actor: string; at: string })
  const recorded = new Map<string, number>()
  for (const { actor, at } of events) {
    const name = nameOf({ student_id: actor, timestamp: at })
    recorded.set(name, (recorded.get(name) ?? 0) + 1)
  }
  const stored = new Set(submissions.map(nameOf))
  const faults = [
    ...[...stored].filter(name => !recorded.has(name)).map(name => `${name}: no event`),
    ...[...recorded].filter(([, times]) => times > 1).map(([name, times]) => `${name}: ${times} events`),
    ...[...recorded.keys()]
      .filter(name => !stored.has(name))
      .map(name => `${name}: an event, and no submission`),
  ]
  return { claim, faults, looked: `${events.length} events` }
}

function checkCommand(claim: string, results: readonly CommandResult[]): Check {
  if (results.every(({ complained }) => complained.includes('unknown command')))
    return { claim, faults: [], looked: '', skipped: 'there is no such command yet' }
  const failed = results.filter(({ code }) => code !== 0)
  return {
    claim,
    faults: failed.map(
      ({ code, said, complained }) => `exit code ${code}: ${`${said}${complained}`.trim().slice(0, 2000)}`,
    ),
    looked: results[0]?.said.trim().split('\n')[0]?.slice(0, 100) ?? '',
  }
}

/** What a refused start says is in the mishaps, and judged there. */
function checkLog({ logFile, victim }: Scene): Check {
  const { said, loose } = tallyLog(logFile)
  const forgiven = new Set(victim.mishaps.flatMap(({ log }) => log.split('\n')))
  return {
    claim: 'the log has no crash in it, and no line that is not a log line',
    faults: [
      ...loose.filter(line => !forgiven.has(line)),
      ...said.filter(({ level }) => level === 'fatal').map(({ message }) => message),
    ],
    looked: `${said.reduce((sum, { times }) => sum + times, 0)} warnings and errors`,
  }
}

/** Behind the program's back. */
function checkStoredFacts(place: { database: string; storage: string }): Check {
  const { faults, blobs, unused } = inspect(place)
  return {
    claim: 'database and files belong together, and every blob has the bytes of its hash',
    faults: [...faults],
    looked: `${blobs} blobs, ${unused.length} files without a row`,
  }
}
