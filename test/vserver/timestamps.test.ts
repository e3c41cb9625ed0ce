/** Local time, in a zone that sets its clocks (contract §9.2). */
import { beforeAll, describe, expect, it } from 'vitest'
import { file } from '../support/trees.ts'
import { aVserver, type World } from './world.ts'

const path = 'feedback/course1/challenge/Lawrence'

beforeAll(() => {
  process.env.TZ = 'America/New_York'
})

describe('a timestamp', () => {
  it('of the test data is midnight here', async () => {
    const { as } = await aVserver()
    const answer = await as('Kevin').get(path, { timestamp: '2020-01-01 00:00:00.000000' })
    expect(answer.json.files).toHaveLength(1)
  })

  it.each([
    '2020-01-01 00:00:00.000000 ',
    '2020-1-1 0:0:0.0',
    '2020-01-01 00:00:00',
    '2020-01-01T00:00:00.000000',
    '2020-01-01 05:00:00.000000 UTC',
    '2020-01-01T05:00:00Z',
    '2020-01-01 06:00:00.0 +01:00',
  ])('may be written %j', async timestamp => {
    const { as } = await aVserver()
    const { json } = await as('Kevin').get(path, { timestamp })
    expect(json).toMatchObject({ success: true, timestamp: '2020-01-01 00:00:00.000000 ' })
  })

  it('leads to its submission even in the hour that comes twice', async () => {
    const world = await aVserver()
    const early = Date.UTC(2026, 10, 1, 5, 30) * 1000 + 1
    const late = Date.UTC(2026, 10, 1, 6, 30) * 1000 + 2
    await submitAt(world, early)
    await submitAt(world, late)
    const { json } = await world.as('Kevin').get('submissions/course1/challenge/Lawrence')
    const timestamps = (json.submissions as { timestamp: string }[]).map(({ timestamp }) => timestamp)
    expect(timestamps.slice(2)).toEqual(['2026-11-01 01:30:00.000001 ', '2026-11-01 01:30:00.000002 '])
    for (const timestamp of timestamps.slice(2)) {
      const files = [file(timestamp.trim(), 'x')]
      await world.as('Kevin').post(path, { timestamp, files })
      const { json } = await world.as('Lawrence').get(path, { timestamp, list_only: 'true' })
      expect(json.files).toEqual([{ path: timestamp.trim() }])
    }
  })
})

async function submitAt({ exchange }: World, receivedAt: number): Promise<void> {
  const { submitAssignment } = await import('../../src/exchange/submissions.ts')
  const caller = { name: 'Lawrence', kind: 'user', isAdmin: false, address: null } as const
  await submitAssignment(exchange, {
    caller,
    course: 'course1',
    assignment: 'challenge',
    receivedAt,
    tree: [],
  })
}
