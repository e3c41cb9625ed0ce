import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { aServiceForTheFile } from '../support/service.ts'

const service = await aServiceForTheFile({ debug: true, testData: true })

/** What nobody should be able to break: everything that can be seen, but for users, of whom some refusals are about. */
async function everything(): Promise<string> {
  const { json } = await service.as('root').get('initialize-Data6ase', { action: 'dump' })
  return JSON.stringify(json)
}

const users = fc.constantFrom('kevin', 'lawrence', 'abigail', 'eric', 'root', 'stranger', '')
const id = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.constantFrom('course1', 'course2', 'challenge', 'assignment2a', 'lawrence', 'kevin'),
  },
  {
    weight: 2,
    arbitrary: fc.string({ unit: 'grapheme', maxLength: 12 }).filter(text => text.isWellFormed()),
  },
  { weight: 1, arbitrary: fc.constantFrom('.', '..', 'a/b', '\0', '%', 'x'.repeat(300), '+', '*', '<b>') },
)
const operations = [
  'course/1',
  'courses',
  'instructors/1',
  'instructor/1/2',
  'students/1',
  'student/1/2',
  'assignments/1',
  'assignment/1/2',
  'submissions/1/2',
  'submissions/1/2/3',
  'submission/1/2',
  'submission/1/2/3',
  'feedback/1/2/3',
]
const path = fc
  .tuple(fc.constantFrom(...operations), fc.array(id, { minLength: 3, maxLength: 3 }))
  .map(([operation, ids]) =>
    operation.replace(/\d/g, digit => encodeURIComponent(ids[Number(digit) - 1] ?? '')),
  )

const junk = fc.oneof(
  fc.string({ maxLength: 40 }),
  fc.constantFrom(
    '',
    '[]',
    '{}',
    '[',
    '[1]',
    '[{"path":5}]',
    'null',
    '"',
    '[{"path":"a","content":"*"}]',
    '\ud83d',
  ),
  fc.jsonValue({ maxDepth: 4 }).map(value => JSON.stringify(value)),
)
const field = fc.tuple(
  fc.constantFrom(
    'files',
    'files',
    'timestamp',
    'instructors',
    'students',
    'first_name',
    'last_name',
    'email',
    'list_only',
    'user',
  ),
  junk,
)
const formBody = fc
  .array(field, { maxLength: 4 })
  .map(fields => Buffer.from(new URLSearchParams(fields).toString()))
const body = fc.oneof(
  { weight: 3, arbitrary: formBody },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 200 }).map(bytes => Buffer.from(bytes)) },
  {
    weight: 2,
    arbitrary: fc.tuple(formBody, fc.nat(), fc.nat(255)).map(([bytes, at, value]) => {
      const broken = Buffer.from(bytes)
      if (broken.length > 0) broken[at % broken.length] = value
      return broken
    }),
  },
)
const headers = fc
  .record(
    {
      'content-type': fc.constantFrom(
        'application/x-www-form-urlencoded',
        'application/x-www-form-urlencoded; charset=utf-8',
        'multipart/form-data; boundary=x',
        'multipart/form-data',
        'application/json',
        'text/plain',
        ';',
      ),
      'content-encoding': fc.constantFrom('gzip', 'identity', 'x'),
      accept: fc.constantFrom('application/json', '*/*', 'text/html'),
      'if-none-match': fc.constantFrom('*', '"x"', ''),
    },
    { requiredKeys: ['content-type'] },
  )
  .map(({ 'content-encoding': encoding, ...rest }) =>
    encoding === 'x' ? { ...rest, 'content-encoding': encoding } : rest,
  )

describe('random requests', () => {
  it('never meet an internal error, and change nothing when they are refused', async () => {
    let before = await everything()
    const seen = new Map<number, number>()
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom('GET', 'POST', 'PUT', 'DELETE', 'HEAD', 'PATCH'),
        path,
        users,
        body,
        headers,
        async (method, target, user, bytes, head) => {
          const answer = await service.ask(method, `/api/${target}`, {
            query: { user },
            body: bytes,
            headers: head,
          })
          seen.set(answer.status, (seen.get(answer.status) ?? 0) + 1)
          expect(answer.status, `${method} ${target}: ${answer.text}`).toBeLessThan(500)
          const after = await everything()
          if (answer.status >= 400) expect(after).toBe(before)
          before = after
        },
      ),
      { numRuns: 600 },
    )
    // The requests must be good enough to get everywhere.
    for (const status of [200, 400, 403, 404, 405])
      expect(seen.get(status) ?? 0, `${status}`).toBeGreaterThan(5)
    expect(service.log).toEqual([])
  })
})
