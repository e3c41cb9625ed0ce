/** Everything that the second API has, asked once by people of a class. */
import { expect } from 'vitest'
import type { Service } from '../support/service.ts'
import { inV2, release, submit, treeBody } from '../v2/people.ts'

/** Returns the operations, as `GET courses/<>`. */
export async function askSecondApi(service: Service): Promise<string[]> {
  const [root, ann, bob] = [inV2(service, 'root'), inV2(service, 'ann'), inV2(service, 'bob')]
  const asked = new Set<string>()
  const go = async (who: typeof root, method: string, path: string, body?: unknown) => {
    const answer = await who.ask(method, path, body === undefined ? {} : { body })
    expect(answer.status, `${method} ${path}: ${answer.bytes}`).toBeLessThan(300)
    const names = /(?<=(courses|members|assignments|releases|submissions)\/)[^/]+|[0-9a-f]{64}/g
    asked.add(`${method} ${path.replace(/\?.*/, '').replace(names, '<>')}`)
    return answer
  }
  const ps1 = { course: 'chemistry', assignment: 'ps1' }
  await go(root, 'POST', 'courses', { course: 'chemistry', instructors: ['ann'] })
  await go(ann, 'POST', 'courses/chemistry/members', { members: [{ user: 'bob', role: 'student' }] })
  await go(ann, 'PUT', 'courses/chemistry/members/bob', { role: 'student', email: 'b@example.org' })
  await release(ann, ps1, { 'ps1.ipynb': 'questions', large: 'x'.repeat(100_000) })
  const announced = await bob.post(
    'courses/chemistry/assignments/ps1/submissions',
    treeBody({ 'ps1.ipynb': 'answers' }),
    { 'idempotency-key': 'once' },
  )
  expect(announced.status).toBe(409)
  await submit(bob, ps1, { 'ps1.ipynb': 'answers' }, { 'idempotency-key': 'once' })
  const { json } = await go(
    ann,
    'GET',
    'submissions?course=chemistry&assignment=ps1&student=bob&newestOnly=true',
  )
  const id = (json.items as { id: string }[])[0]?.id
  await ann.upload('chemistry', 'ps1', { 'ps1.html': 'well done' })
  const html = (await bob.get('submissions')).json
  expect(html).toMatchObject({ items: [{ id }] })
  const sha256 = 'dd7f67c8d4a9b5ffbd94f38c0f2b35b8ed1a5ae7a2cc0d2f1ff4d9b9b3d0c8e1'
  await go(ann, 'POST', 'courses/chemistry/uploads/missing', { assignment: 'ps1', files: [sha256] })
  for (const path of [
    '',
    'receipt-keys',
    'courses',
    'courses/chemistry',
    'courses/chemistry/members',
    'courses/chemistry/members/bob',
    'assignments',
    'assignments?course=chemistry',
    'courses/chemistry/assignments/ps1',
    'courses/chemistry/assignments/ps1/releases',
    'courses/chemistry/assignments/ps1/releases/latest',
    'courses/chemistry/assignments/ps1/releases/1/manifest',
    'courses/chemistry/assignments/ps1/releases/1/files?path=large',
    'courses/chemistry/assignments/ps1/releases/1/archive',
    'submissions',
    'submissions?own=true',
    `submissions/${id}`,
    `submissions/${id}/receipt`,
    `submissions/${id}/manifest`,
    `submissions/${id}/files?path=ps1.ipynb`,
    `submissions/${id}/archive`,
    'events',
  ])
    await go(bob, 'GET', path)
  await go(ann, 'GET', 'events?course=chemistry')
  return [...asked]
}
