import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { aServiceForTheFile } from '../support/service.ts'

const service = await aServiceForTheFile({ debug: true, testData: true })

/** What nobody should be able to break: everything that can be seen, but for users, of whom some refusals are about. */
async function everything(): Promise<string> {
  const { json } = await service.as('root').get('initialize-Data6ase', { action: 'dump' })
  return JSON.stringify(json)
}

/** A request may well delete a course: without one, all that follow would just find nothing. */
async function putBack(): Promise<string> {
  await service.as('root').post('initialize-Data6ase', { action: 'init' })
  return everything()
}

const users = fc.constantFrom('root', 'kevin', 'root', 'lawrence', 'abigail', 'eric', 'stranger', '')

/** Names that are there, for what a path names, and others. */
function nameOf(...known: string[]) {
  return fc.oneof(
    { weight: 6, arbitrary: fc.constantFrom(...known) },
    {
      weight: 2,
      arbitrary: fc.string({ unit: 'grapheme', maxLength: 12 }).filter(text => text.isWellFormed()),
    },
    { weight: 1, arbitrary: fc.constantFrom('.', '..', 'a/b', '\0', '%', 'x'.repeat(300), '+', '*', '<b>') },
  )
}
const names = fc.record({
  C: nameOf('course1', 'course2', 'kevin'),
  A: nameOf('challenge', 'assignment2a', 'course1'),
  U: nameOf('lawrence', 'kevin', 'eric', 'challenge'),
})
const operations = [
  'POST course/C',
  'DELETE course/C',
  'GET courses',
  'GET instructors/C',
  'GET instructor/C/U',
  'POST instructor/C/U',
  'DELETE instructor/C/U',
  'GET students/C',
  'POST students/C',
  'GET student/C/U',
  'POST student/C/U',
  'DELETE student/C/U',
  'GET assignments/C',
  'GET assignment/C/A',
  'POST assignment/C/A',
  'PUT assignment/C/A',
  'DELETE assignment/C/A',
  'GET submissions/C/A',
  'GET submissions/C/A/U',
  'POST submission/C/A',
  'GET submission/C/A/U',
  'GET feedback/C/A/U',
  'POST feedback/C/A/U',
]
const otherMethod = fc.oneof(
  { weight: 4, arbitrary: fc.constant(null) },
  { weight: 1, arbitrary: fc.constantFrom('GET', 'POST', 'PUT', 'DELETE', 'HEAD', 'PATCH') },
)
/** Mostly methods that the path has. */
const target = fc
  .tuple(fc.constantFrom(...operations), names, otherMethod)
  .map(([operation, { C, A, U }, other]) => {
    const [method = '', path = ''] = operation.split(' ')
    const name = { C, A, U }
    const filled = path.replace(/[CAU]/g, kind => encodeURIComponent(name[kind as keyof typeof name]))
    return { method: other ?? method, path: filled }
  })

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
      fc.asyncProperty(target, users, body, headers, async ({ method, path }, user, bytes, head) => {
        const answer = await service.ask(method, `/api/${path}`, {
          query: { user },
          body: bytes,
          headers: head,
        })
        seen.set(answer.status, (seen.get(answer.status) ?? 0) + 1)
        expect(answer.status, `${method} ${path}: ${answer.text}`).toBeLessThan(500)
        const after = await everything()
        if (answer.status >= 400) expect(after).toBe(before)
        before = method === 'DELETE' && answer.status === 200 ? await putBack() : after
      }),
      { numRuns: 1000 },
    )
    // The requests must be good enough to get everywhere.
    for (const status of [200, 400, 403, 404, 405])
      expect(seen.get(status) ?? 0, `${status}`).toBeGreaterThan(5)
    expect(service.log).toEqual([])
  })
})
