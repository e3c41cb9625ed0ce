/** Every request of v1, each as somebody who may, with answers that are there. */
import { expect } from 'vitest'
import type { Answer, Person } from '../support/client.ts'
import { file, noise } from '../support/trees.ts'

const small = [file('ps1.ipynb', 'work')]
/** Not kept in the database. */
const large = [file('data.csv', noise(100_000))]
const details = { first_name: 'A', last_name: 'B', email: 'c' }

/** Asks each once; returns what was asked, as `GET courses` or `POST submission/<>/<>`. */
export async function askEverything(as: (user: string) => Person): Promise<string[]> {
  const asked = new Set<string>()
  const [root, kevin, ann] = ['root', 'kevin', 'ann'].map(user => watched(as(user), asked)) as [
    Person,
    Person,
    Person,
  ]
  const well = async (answer: Promise<Answer>) => {
    expect(await answer).toMatchObject({ status: 200 })
    return answer
  }
  await well(root.post('course/physics', { instructors: ['kevin'] }))
  await well(root.post('course/old', { instructors: ['kevin'] }))
  await well(root.post('instructor/physics/abigail', details))
  await well(kevin.post('student/physics/ann', details))
  await well(kevin.post('students/physics', { students: [student('bob'), student('carl')] }))
  await well(kevin.post('assignment/physics/ps1', { files: small }))
  await well(kevin.put('assignment/physics/ps1', { files: large }))
  await well(kevin.post('assignment/physics/ps2', { files: small }))
  for (const user of [root, kevin, ann]) {
    await well(user.get(''))
    await well(user.get('courses'))
    await well(user.get('limits'))
    await well(user.get('limits', { course: 'physics', assignment: 'ps1' }))
    await well(user.get('assignments/physics'))
    await well(user.get('instructors/physics'))
    await well(user.get('instructor/physics/kevin'))
    await well(user.get('assignment/physics/ps1'))
    await well(user.get('assignment/physics/ps1', { list_only: 'true' }))
    await well(user.get('receipt-keys'))
    for (const filter of [{}, { assignment: 'ps1' }, { action: 'submit-assignment', limit: 5 }, sinceThen])
      await well(user.get('events', filter))
  }
  const { json } = await well(ann.post('submission/physics/ps1', { files: small }))
  const timestamp = String(json.timestamp)
  await well(ann.post('submission/physics/ps1', { files: large }))
  for (const user of [kevin, ann]) {
    await well(user.get('submissions/physics/ps1/ann'))
    await well(user.get('submission/physics/ps1/ann'))
    await well(user.get('submission/physics/ps1/ann', { timestamp, list_only: 'true' }))
    await well(user.get('receipt/physics/ps1/ann'))
    await well(user.get('receipt/physics/ps1/ann', { timestamp }))
  }
  for (const files of [small, large]) await well(kevin.post('feedback/physics/ps1/ann', { timestamp, files }))
  for (const user of [kevin, ann]) await well(user.get('feedback/physics/ps1/ann', { timestamp }))
  await well(kevin.get('submissions/physics/ps1'))
  await well(kevin.get('students/physics'))
  await well(kevin.get('student/physics/ann'))
  for (const filter of [{}, { student: 'ann' }, { student: 'ann', assignment: 'ps1' }, sinceThen])
    await well(kevin.get('events/physics', filter))
  await well(kevin.delete('assignment/physics/ps2'))
  await well(kevin.post('assignment/physics/ps2', { files: small }))
  await well(kevin.delete('student/physics/carl'))
  await well(root.delete('instructor/physics/abigail'))
  await well(root.delete('course/old'))
  expect(await ann.post('course/mine')).toMatchObject({ status: 403 })
  return [...asked]
}

const sinceThen = { since: '2020-01-01 00:00:00.000000', until: '2100-01-01 00:00:00.000000', after: 1 }

function student(username: string) {
  return { username, first_name: '', last_name: '', email: '' }
}

function watched(person: Person, asked: Set<string>): Person {
  const noting = <Rest extends unknown[]>(
    method: string,
    send: (path: string, ...rest: Rest) => Promise<Answer>,
  ) => {
    return (path: string, ...rest: Rest) => {
      const [kind = '', ...ids] = path.split('/')
      asked.add(`${method} ${[kind, ...ids.map(() => '<>')].join('/')}`)
      return send(path, ...rest)
    }
  }
  return {
    get: noting('GET', person.get),
    head: person.head,
    post: noting('POST', person.post),
    put: noting('PUT', person.put),
    delete: noting('DELETE', person.delete),
  }
}
