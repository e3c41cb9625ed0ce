/** Two and four replicas are one exchange: who comes first has won, whichever replica was asked. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Answer, Client } from '../faults/client.ts'
import { formOf } from '../faults/student-work.ts'
import { World } from './world.ts'

const requests = 200

describe.each([2, 4])('%i replicas', count => {
  let world: World
  beforeAll(async () => {
    world = await World.open(count)
  })
  afterAll(() => world.close())

  it(`make one release of ${requests} that come at once, and refuse the others`, async () => {
    world.showLogsOnFailure()
    const client = new Client(world)
    expect((await client.post('course/course', 'root', { instructors: '["teacher"]' })).status).toBe(200)
    const answers = await Promise.all(
      Array.from({ length: requests }, (_, number) =>
        client.post(
          'assignment/course/ps1',
          'teacher',
          formOf([{ path: 'task.ipynb', bytes: Buffer.from(`task ${number}`) }]),
        ),
      ),
    )
    expect(counted(answers)).toEqual({ 200: 1, 409: requests - 1 })
    const won = answers.findIndex(answer => answer.status === 200)
    const { fields } = await client.get('assignment/course/ps1', 'teacher')
    const [file] = fields.files as { content: string }[]
    expect(Buffer.from(file?.content ?? '', 'base64').toString()).toBe(`task ${won}`)
    const versions = await world.postgres.query('ngshare', 'select version from releases')
    expect(versions).toEqual([{ version: '1' }])
    client.close()
  })

  it('create a course once, however many want to', async () => {
    world.showLogsOnFailure()
    const client = new Client(world)
    const answers = await Promise.all(
      Array.from({ length: 50 }, () => client.post('course/popular', 'root', {})),
    )
    expect(counted(answers)).toEqual({ 200: 1, 409: 49 })
    client.close()
  })

  it('work one after the other for one client: a request goes to another replica than the one before', async () => {
    for (let number = 0; number < 2 * count; number++) {
      const { status } = await fetch(new URL('/readyz', world.home))
      expect(status).toBe(200)
    }
    const served = await Promise.all(
      world.replicas.map(async ({ port }) => {
        const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text()
        return Number(
          /^ngshare_http_request_duration_seconds_count\{.*assignment\/:course\/:assignment",status="409"\} (\d+)/m.exec(
            text,
          )?.[1] ?? 0,
        )
      }),
    )
    expect(served.every(number => number >= Math.floor((requests - 1) / count) - 1)).toBe(true)
  })
})

function counted(answers: readonly Answer[]): Record<number, number> {
  const counts: Record<number, number> = {}
  for (const { status } of answers) counts[status] = (counts[status] ?? 0) + 1
  return counts
}
