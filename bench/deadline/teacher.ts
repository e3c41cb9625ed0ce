// A teacher who lists, collects and returns feedback while the students still submit.

import { Random } from '../random.ts'
import { differenceIn, expectedDownload } from './expected.ts'
import { fieldsOf, Person } from './person.ts'
import type { Told } from './story.ts'
import { ASSIGNMENT, feedbackOn, formOf, submissionOf } from './work.ts'
import { nameOf, type World } from './world.ts'

/** In life. */
const ROUND_MS = [5000, 20_000] as const
const COLLECTED_A_ROUND = 10
const SHARE_WITH_FEEDBACK = 0.5

/** Until `isCalm`: nobody submits any more. */
export async function teach(
  world: World,
  { name, course }: { name: string; course: string },
  isCalm: () => boolean,
): Promise<void> {
  const random = new Random(`${world.plan.seed} ${name}`)
  const person = new Person(world, { name, client: 'better', random })
  while (!isCalm()) {
    await world.think(random.between(...ROUND_MS))
    const before = [...world.acknowledgedIn(course)]
    await listAll(world, person, course, before)
    for (const [, told] of random.shuffle(before).slice(0, COLLECTED_A_ROUND)) {
      if (isCalm()) break
      await collect(world, person, told)
      if (random.chance(SHARE_WITH_FEEDBACK)) await returnFeedback(world, person, told)
    }
  }
  person.leave()
}

/** What was acknowledged before must be in it. */
async function listAll(
  world: World,
  person: Person,
  course: string,
  before: [string, Told][],
): Promise<void> {
  const path = `submissions/${course}/${ASSIGNMENT}`
  const reply = await person.ask('teacher lists', { method: 'GET', path })
  if (reply.kind !== 'answer') return
  const submissions = fieldsOf(reply.answer).submissions as { student_id: string; timestamp: string }[]
  const listed = new Set(submissions.map(({ student_id, timestamp }) => nameOf(student_id, timestamp)))
  for (const [name] of before)
    if (!listed.has(name)) world.faults.forgotten.push(`the list of ${person.name} lacks ${name}`)
}

async function collect(world: World, person: Person, told: Told): Promise<void> {
  const { course, student, sizeBytes } = told
  const timestamp = momentOf(told)
  const path = `submission/${course}/${ASSIGNMENT}/${student}?timestamp=${encodeURIComponent(timestamp)}`
  const reply = await person.ask('teacher collects', { method: 'GET', path })
  if (reply.kind !== 'answer') return
  const expected = expectedDownload(submissionOf(told, sizeBytes), world.pool, timestamp)
  const difference = differenceIn(reply.answer.body, expected)
  if (difference !== null)
    world.faults.forgotten.push(`collected ${nameOf(student, timestamp)}: ${difference}`)
}

async function returnFeedback(world: World, person: Person, told: Told): Promise<void> {
  const moment = Buffer.from(`timestamp=${encodeURIComponent(momentOf(told))}&`)
  const form = [moment, ...formOf(feedbackOn(told), world.pool)]
  const path = `feedback/${told.course}/${ASSIGNMENT}/${told.student}`
  await person.ask('teacher returns feedback', { method: 'POST', path, form })
}

function momentOf({ outcome }: Told): string {
  return outcome.kind === 'acknowledged' ? outcome.timestamp : ''
}
