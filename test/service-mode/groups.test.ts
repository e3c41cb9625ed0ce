/** Roles from groups of the hub: who is in `formgrade-C` teaches course C, who is in `nbgrader-C` takes it. */
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { eventually } from '../faults/eventually.ts'
import { failure, success } from '../support/answers.ts'
import type { Person } from '../support/client.ts'
import { aHub, type HubOptions } from '../support/fake-hub.ts'
import { aHubService, type HubServiceOptions } from '../support/hub-service.ts'
import { fetched, file } from '../support/trees.ts'

async function aGroupService(
  args: readonly string[] = [],
  onHub: HubOptions = {},
  more: Pick<HubServiceOptions, 'oneProcess'> = {},
) {
  const hub = await aHub(onHub)
  const service = await aHubService({
    ...more,
    hub,
    args: ['--hub-groups', '--token-cache-seconds=0', ...args],
  })
  return { hub, service, root: service.as('root'), ann: service.as('ann'), bob: service.as('bob') }
}

const files = [file('ps1.ipynb', 'work')]
const teaches = { formgrade: 'formgrade-physics', nbgrader: 'nbgrader-physics' }
const none = success({ courses: [] })
const physics = success({ courses: ['physics'] })
const denied = failure(403, 'Permission denied')
const details = { first_name: '', last_name: '', email: '' }

async function names(
  person: Person,
  list: 'students' | 'instructors',
  course = 'physics',
): Promise<string[]> {
  const { json } = await person.get(`${list}/${course}`)
  return ((json[list] ?? []) as { username: string }[]).map(({ username }) => username).sort()
}

describe('groups of the hub', () => {
  it('mean nothing unless the operator wants them', async () => {
    const hub = await aHub()
    hub.join('ann', 'formgrade-physics')
    const service = await aHubService({ hub })
    expect(await service.as('ann').get('courses')).toMatchObject(none)
    await service.aCourse('physics')
    expect(await service.as('ann').get('courses')).toMatchObject(none)
    expect(await service.as('ann').get('assignments/physics')).toMatchObject(denied)
  })

  it('make a whole course, with nobody having set it up', async () => {
    const { hub, ann, bob } = await aGroupService()
    hub.join('ann', teaches.formgrade)
    hub.join('bob', teaches.nbgrader)
    expect(await ann.get('courses')).toMatchObject(physics)
    expect(await ann.post('assignment/physics/ps1', { files: [file('ps1.ipynb', '{}')] })).toMatchObject(
      success(),
    )
    expect(await bob.get('courses')).toMatchObject(physics)
    expect(await bob.get('assignments/physics')).toMatchObject(success({ assignments: ['ps1'] }))
    const { json } = await bob.post('submission/physics/ps1', { files })
    const timestamp = String(json.timestamp)
    expect(await ann.get('submission/physics/ps1/bob')).toMatchObject({
      status: 200,
      json: { files: [fetched('ps1.ipynb', 'work')] },
    })
    const feedback = [file('feedback.html', 'good')]
    expect(await ann.post('feedback/physics/ps1/bob', { timestamp, files: feedback })).toMatchObject(
      success(),
    )
    expect(await bob.get('feedback/physics/ps1/bob', { timestamp })).toMatchObject({
      status: 200,
      json: { files: [fetched('feedback.html', 'good')] },
    })
  })

  it('give the roles of members and no more', async () => {
    const { hub, ann, bob } = await aGroupService()
    hub.join('ann', teaches.formgrade)
    hub.join('bob', teaches.nbgrader)
    await ann.get('courses')
    expect(await ann.post('course/another')).toMatchObject(denied)
    expect(await ann.delete('course/physics')).toMatchObject(denied)
    expect(await ann.get('assignments/chemistry')).toMatchObject(failure(404, 'Course not found'))
    expect(await bob.post('assignment/physics/ps1', { files })).toMatchObject(denied)
    expect(await bob.get('students/physics')).toMatchObject(denied)
  })

  it('show a course at the first request, whatever that asks for', async () => {
    for (const path of ['assignments/physics', 'instructors/physics', 'instructor/physics/ann']) {
      const { hub, ann } = await aGroupService()
      hub.join('ann', teaches.formgrade)
      expect([path, (await ann.get(path)).status]).toEqual([path, 200])
    }
  })

  it('let a class come in all at once', async () => {
    const { hub, service, ann } = await aGroupService()
    hub.join('ann', teaches.formgrade)
    const students = Array.from({ length: 30 }, (_, number) => `student ${number}`)
    for (const student of students) hub.join(student, teaches.nbgrader)
    const answers = await Promise.all(students.map(student => service.as(student).get('courses')))
    for (const answer of answers) expect(answer).toMatchObject(physics)
    expect(await names(ann, 'students')).toEqual(students.sort())
  })

  it('of the same name in another case are others', async () => {
    const { hub, ann } = await aGroupService()
    hub.join('ann', 'Formgrade-physics', 'FORMGRADE-PHYSICS')
    expect(await ann.get('courses')).toMatchObject(none)
    hub.join('ann', 'formgrade-Physics')
    expect(await ann.get('courses')).toMatchObject(success({ courses: ['Physics'] }))
  })

  it.each([
    'formgrade-',
    'formgrade',
    'x-formgrade-physics',
    'formgrade-.',
    'formgrade-..',
    'formgrade-a\nb',
    `formgrade-${'x'.repeat(300)}`,
  ])('that name no course are of no account: %j', async group => {
    const { hub, ann } = await aGroupService()
    hub.join('ann', group)
    expect(await ann.get('courses')).toMatchObject(none)
  })

  it('may name courses with blanks, dashes and letters of any kind', async () => {
    const { hub, ann } = await aGroupService()
    for (const course of ['a-b', 'Physik für alle', '物理']) hub.join('ann', `formgrade-${course}`)
    expect(await ann.get('courses')).toMatchObject(success({ courses: ['Physik für alle', 'a-b', '物理'] }))
  })

  it('are called as the operator says', async () => {
    const { hub, ann, bob } = await aGroupService([
      '--student-group={course} (students)',
      '--instructor-group=t.{course}',
    ])
    hub.join('ann', 't.physics', 'tXchemistry', 'formgrade-biology')
    hub.join('bob', 'physics (students)', 'nbgrader-biology')
    expect(await ann.get('courses')).toMatchObject(physics)
    expect(await ann.post('assignment/physics/ps1', { files })).toMatchObject(success())
    expect(await bob.get('courses')).toMatchObject(physics)
    expect(await bob.post('submission/physics/ps1', { files })).toMatchObject({ status: 200 })
  })

  it('are not those of services, which have none', async () => {
    const { hub, service, ann } = await aGroupService()
    hub.join('ann', teaches.formgrade)
    hub.join('bot', teaches.formgrade)
    await ann.get('courses')
    for (const model of [{}, { groups: [teaches.formgrade] }]) {
      const bot = service.with(hub.botToken('bot', model))
      expect(await bot.get('courses')).toMatchObject(none)
      expect(await bot.get('assignments/physics')).toMatchObject(denied)
    }
  })

  it('count for people who come by browser, too', async () => {
    const { hub, service } = await aGroupService()
    hub.join('bob', teaches.nbgrader)
    const browser = await service.aBrowserOf('bob')
    expect(await browser.open(`${service.prefix}courses`)).toMatchObject(physics)
  })

  it('go on counting while the hub is in trouble', async () => {
    const { hub, ann } = await aGroupService(
      ['--token-cache-seconds=1', '--hub-timeout-seconds=1'],
      {},
      { oneProcess: true },
    )
    hub.join('ann', teaches.formgrade)
    await ann.get('courses')
    hub.breakDown('error')
    await sleep(1100)
    expect(await ann.post('assignment/physics/ps1', { files })).toMatchObject(success())
  })
})

describe('who leaves a group', () => {
  it('is out at the next request', async () => {
    const { hub, ann, bob } = await aGroupService()
    hub.join('ann', teaches.formgrade)
    hub.join('bob', teaches.nbgrader)
    await ann.post('assignment/physics/ps1', { files })
    expect(await bob.post('submission/physics/ps1', { files })).toMatchObject({ status: 200 })
    hub.leave('bob', teaches.nbgrader)
    expect(await bob.post('submission/physics/ps1', { files })).toMatchObject(denied)
    expect(await bob.get('courses')).toMatchObject(none)
    hub.leave('ann', teaches.formgrade)
    expect(await ann.get('students/physics')).toMatchObject(denied)
    expect(await ann.get('courses')).toMatchObject(none)
  })

  it('leaves the work behind, and finds it on coming back', async () => {
    const { hub, ann, bob } = await aGroupService()
    hub.join('ann', teaches.formgrade)
    hub.join('bob', teaches.nbgrader)
    await ann.post('assignment/physics/ps1', { files })
    const { json } = await bob.post('submission/physics/ps1', { files })
    hub.leave('bob', teaches.nbgrader)
    await bob.get('courses')
    expect(await ann.get('submissions/physics/ps1')).toMatchObject({
      json: { submissions: [{ student_id: 'bob', timestamp: json.timestamp }] },
    })
    expect(await ann.get('submission/physics/ps1/bob')).toMatchObject({ status: 200 })
    hub.join('bob', teaches.nbgrader)
    expect(await bob.get('submissions/physics/ps1/bob')).toMatchObject({
      json: { submissions: [{ student_id: 'bob', timestamp: json.timestamp }] },
    })
  })

  it('for the other one changes roles', async () => {
    const { hub, ann } = await aGroupService()
    hub.join('ann', teaches.formgrade)
    expect(await ann.get('students/physics')).toMatchObject({ status: 200 })
    hub.leave('ann', teaches.formgrade)
    hub.join('ann', teaches.nbgrader)
    expect(await ann.get('students/physics')).toMatchObject(denied)
    expect(await ann.get('assignments/physics')).toMatchObject({ status: 200 })
    hub.join('ann', teaches.formgrade)
    expect(await ann.get('students/physics')).toMatchObject({ status: 200 })
  })
})

describe('the roster of a course', () => {
  it('and the groups both count, the stronger role being the role', async () => {
    const { hub, service } = await aGroupService()
    await service.aCourse('physics', { instructors: ['ann'], students: ['bob'], assignments: { ps1: files } })
    hub.join('ann', teaches.nbgrader)
    hub.join('bob', teaches.formgrade)
    hub.join('both', teaches.formgrade, teaches.nbgrader)
    for (const name of ['ann', 'bob', 'both']) {
      expect([name, (await service.as(name).get('submissions/physics/ps1')).status]).toEqual([name, 200])
      expect(await service.as(name).get('courses')).toMatchObject(physics)
    }
  })

  it('keeps those whom someone put on it, when they leave the group', async () => {
    const { hub, service } = await aGroupService()
    await service.aCourse('physics', { instructors: ['ann'], students: ['bob'], assignments: { ps1: files } })
    hub.join('ann', teaches.nbgrader)
    hub.join('bob', teaches.formgrade)
    for (const name of ['ann', 'bob']) await service.as(name).get('courses')
    hub.leave('ann', teaches.nbgrader)
    hub.leave('bob', teaches.formgrade)
    expect(await service.as('ann').get('submissions/physics/ps1')).toMatchObject({ status: 200 })
    expect(await service.as('bob').get('submissions/physics/ps1')).toMatchObject(denied)
    expect(await service.as('bob').post('submission/physics/ps1', { files })).toMatchObject({ status: 200 })
  })

  it('does not lose those whom someone puts on it while they are in the group', async () => {
    const { hub, ann, bob } = await aGroupService()
    hub.join('ann', teaches.formgrade)
    hub.join('bob', teaches.nbgrader)
    await bob.get('courses')
    expect(await ann.post('student/physics/bob', details)).toMatchObject(success())
    expect(await names(ann, 'students')).toEqual(['bob'])
    hub.leave('bob', teaches.nbgrader)
    expect(await bob.get('courses')).toMatchObject(physics)
    expect(await names(ann, 'students')).toEqual(['bob'])
  })

  it('shows people of the groups once they have been there', async () => {
    const { hub, ann, bob } = await aGroupService()
    hub.join('ann', teaches.formgrade)
    hub.join('bob', teaches.nbgrader)
    await bob.get('courses')
    expect(await names(ann, 'students')).toEqual(['bob'])
    expect(await names(ann, 'instructors')).toEqual(['ann'])
    expect(await ann.get('student/physics/bob')).toMatchObject({ status: 200, json: { username: 'bob' } })
  })
})

describe('a course that an admin deleted', () => {
  it('does not come back because its people come', async () => {
    const { hub, root, ann, bob } = await aGroupService()
    hub.join('ann', teaches.formgrade)
    hub.join('bob', teaches.nbgrader)
    await ann.get('courses')
    await bob.get('courses')
    expect(await root.delete('course/physics')).toMatchObject(success())
    for (const person of [ann, bob]) {
      expect(await person.get('courses')).toMatchObject(none)
      expect(await person.get('assignments/physics')).toMatchObject(failure(404, 'Course not found'))
    }
    expect(await root.get('courses')).toMatchObject(none)
  })

  it('is there again when an admin creates it, and its groups count', async () => {
    const { hub, root, ann } = await aGroupService()
    hub.join('ann', teaches.formgrade)
    await ann.get('courses')
    await root.delete('course/physics')
    await ann.get('courses')
    expect(await root.post('course/physics')).toMatchObject(success())
    expect(await ann.get('courses')).toMatchObject(physics)
    expect(await ann.post('assignment/physics/ps1', { files })).toMatchObject(success())
  })

  it('does not come back by the roster of the hub either', async () => {
    const { hub, root, ann } = await aGroupService(['--hub-groups-sync-seconds=1'], { readsGroups: true })
    hub.join('ann', teaches.formgrade)
    await ann.get('courses')
    await root.delete('course/physics')
    const before = hub.callsTo('/groups').length
    await eventually('two more syncs', () => hub.callsTo('/groups').length >= before + 2)
    expect(await root.get('courses')).toMatchObject(none)
  })
})

describe("the hub's lists of members", () => {
  const everySecond = ['--hub-groups-sync-seconds=1']
  const nobodys = 'library-readers'

  it('bring people to the roster who have not come yet, from all pages', async () => {
    const hub = await aHub({ readsGroups: true, pageSize: 3 })
    for (let number = 0; number < 10; number++) hub.join('someone', `${nobodys}-${number}`)
    hub.join('bob', teaches.nbgrader)
    hub.join('carl', teaches.nbgrader)
    for (let number = 0; number < 4; number++) hub.join('someone', `formgrade-course${number}`)
    hub.join('ann', teaches.formgrade)
    const service = await aHubService({ hub, args: ['--hub-groups', ...everySecond] })
    const root = service.as('root')
    await eventually('the roster is there', async () => (await names(root, 'instructors')).includes('ann'))
    expect(await names(root, 'students')).toEqual(['bob', 'carl'])
    expect(await root.get('courses')).toMatchObject(
      success({ courses: ['course0', 'course1', 'course2', 'course3', 'physics'] }),
    )
    const pages = hub.callsTo('/groups')
    expect(pages.length).toBeGreaterThanOrEqual(6)
    for (const { headers, method } of pages) {
      expect(method).toBe('GET')
      expect(headers.authorization).toBe(`token ${hub.serviceToken}`)
      expect(headers.accept).toContain('application/jupyterhub-pagination+json')
    }
  })

  it('take those off it who left, and nobody whom someone put on it', async () => {
    const { hub, service, root } = await aGroupService(everySecond, { readsGroups: true })
    await service.aCourse('physics', { students: ['dora'] })
    for (const name of ['bob', 'carl', 'dora']) hub.join(name, teaches.nbgrader)
    await eventually('they come', async () => (await names(root, 'students')).length === 3)
    hub.leave('bob', teaches.nbgrader)
    hub.leave('dora', teaches.nbgrader)
    await eventually('one goes', async () => (await names(root, 'students')).length === 2)
    expect(await names(root, 'students')).toEqual(['carl', 'dora'])
  })

  it('are of no use to a person who left, who is asked about at every call', async () => {
    const { hub, bob } = await aGroupService(['--hub-groups-sync-seconds=3600'], { readsGroups: true })
    hub.join('bob', teaches.nbgrader)
    expect(await bob.get('courses')).toMatchObject(physics)
    hub.leave('bob', teaches.nbgrader)
    expect(await bob.get('courses')).toMatchObject(none)
    expect(await bob.get('assignments/physics')).toMatchObject(denied)
  })

  it('are not read where the groups do not count', async () => {
    const hub = await aHub({ readsGroups: true })
    await aHubService({ hub, args: everySecond })
    await sleep(1200)
    expect(hub.callsTo('/groups')).toEqual([])
  })

  it('are done without where the hub forbids them, which is said once', async () => {
    const { hub, service, ann, bob } = await aGroupService(everySecond, {}, { oneProcess: true })
    hub.join('ann', teaches.formgrade)
    hub.join('bob', teaches.nbgrader)
    await sleep(2500)
    expect(hub.callsTo('/groups').length).toBeGreaterThan(0)
    expect(await ann.get('courses')).toMatchObject(physics)
    expect(await bob.get('courses')).toMatchObject(physics)
    const said = service.log.filter(line => /list:groups/.test(line))
    expect(said).toHaveLength(1)
    expect(said[0]).toContain('read:groups')
  })

  it.each(['error', 'hang', 'a page instead of JSON', 'JSON of something else', 'not found'] as const)(
    'stay as they are while the hub is in trouble (%s)',
    async trouble => {
      const { hub, root } = await aGroupService([...everySecond, '--hub-timeout-seconds=1'], {
        readsGroups: true,
      })
      hub.join('bob', teaches.nbgrader)
      await eventually('he comes', async () => (await names(root, 'students')).length === 1)
      hub.breakDown(trouble, '/groups')
      hub.join('carl', teaches.nbgrader)
      const before = hub.callsTo('/groups').length
      await eventually('a sync fails', () => hub.callsTo('/groups').length >= before + 2)
      expect(await names(root, 'students')).toEqual(['bob'])
      hub.recover()
      await eventually('the other comes', async () => (await names(root, 'students')).length === 2)
    },
  )

  it('do not hold up the end of the service', async () => {
    const { hub, service } = await aGroupService(
      ['--hub-groups-sync-seconds=1', '--hub-timeout-seconds=10'],
      {
        readsGroups: true,
      },
    )
    hub.breakDown('hang', '/groups')
    const before = hub.callsTo('/groups').length
    await eventually('a sync hangs', () => hub.callsTo('/groups').length > before)
    const startedAt = performance.now()
    await service.close()
    expect(performance.now() - startedAt).toBeLessThan(2000)
  })
})
