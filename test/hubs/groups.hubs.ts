/** Who teaches and who takes a course is told by groups of the hub. */
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { eventually } from '../faults/eventually.ts'
import { file } from '../support/trees.ts'
import { version } from './hub/hub.ts'
import { aWorld, expectRefusal, keepsItsLogClean } from './hub/world.ts'

const cacheSeconds = 1
const pastCacheMs = cacheSeconds * 1000 + 300
const homework = { files: [file('ps1.ipynb', 'my answers')] }
const questions = { files: [file('ps1.ipynb', 'questions')] }

// More than the hub tells at a time: 50 groups a page, 200 at most.
const names = (count: number, prefix: string) =>
  Array.from({ length: count }, (_, i) => `${prefix}${String(i + 1).padStart(3, '0')}`)
const students = names(60, 'student')
const smallCourses = names(210, 'small')

describe(`Groups of JupyterHub ${version} are the rosters`, () => {
  const world = aWorld({
    ngshare: 'managed',
    groups: {
      ...Object.fromEntries(smallCourses.map(course => [`nbgrader-${course}`, ['of-small']])),
      'formgrade-c1': ['ivy'],
      'nbgrader-c1': ['bob', 'leaver', ...students],
      'formgrade-both': ['ivy'],
      'nbgrader-both': ['ivy'],
      'formgrade-deleted': ['ivy'],
      'nbgrader-joined': ['somebody'],
    },
    roles: [
      {
        name: 'ngshare-roster',
        services: ['ngshare'],
        scopes: ['list:groups', 'read:groups', 'list:users', 'read:users:name', 'read:users:groups'],
      },
    ],
    options: [
      ...['--admins', 'alice', '--token-cache-seconds', String(cacheSeconds)],
      ...['--hub-groups', '--hub-groups-sync-seconds', '2'],
    ],
  })

  test('an instructor releases, a student submits, the instructor collects: nobody had to make a course', async () => {
    const ivy = world().with(await world().hub.notebookTokenOf('ivy'))
    const bob = world().with(await world().hub.notebookTokenOf('bob'))
    expect((await ivy.get('courses')).json.courses).toContain('c1')
    expect((await ivy.post('assignment/c1/ps1', questions)).json).toEqual({ success: true })
    expect((await bob.get('courses')).json).toEqual({ success: true, courses: ['c1'] })
    expect((await bob.get('assignments/c1')).json).toEqual({ success: true, assignments: ['ps1'] })
    const { timestamp } = (await bob.post('submission/c1/ps1', homework)).json
    const { submissions } = (await ivy.get('submissions/c1/ps1')).json
    expect(submissions).toContainEqual(expect.objectContaining({ student_id: 'bob', timestamp }))
  })

  test('a student does no work of instructors, an instructor none of admins', async () => {
    const [bob, ivy] = [await world().asUser('bob'), await world().asUser('ivy')]
    expectRefusal(await bob.post('assignment/c1/ps9', questions), 403, /^Permission denied/)
    expectRefusal(await bob.get('students/c1'), 403, /^Permission denied/)
    expectRefusal(await ivy.post('course/of-ivy'), 403, /^Permission denied/)
    expectRefusal(await ivy.delete('course/c1'), 403, /^Permission denied/)
  })

  test('somebody in another group has no business there', async () => {
    const outsider = await world().asUser('somebody')
    expect((await outsider.get('courses')).json).toEqual({ success: true, courses: ['joined'] })
    expectRefusal(await outsider.get('assignments/c1'), 403, /^Permission denied/)
  })

  test('who is in both groups of a course is an instructor', async () => {
    const ivy = await world().asUser('ivy')
    expect((await ivy.post('assignment/both/ps1', questions)).json).toEqual({ success: true })
  })

  test('the roster has everybody, also those who never came by, however many the hub tells at a time', async () => {
    const ivy = await world().asUser('ivy')
    const roster = async () => {
      const { json } = await ivy.get('students/c1')
      return (json.students as { username: string }[]).map(({ username }) => username)
    }
    await eventually('the whole group on the roster', async () => (await roster()).includes('student060'))
    expect(await roster()).toEqual(expect.arrayContaining(students))
    const alice = await world().asUser('alice')
    await eventually('all courses', async () => {
      const courses = (await alice.get('courses')).json.courses as string[]
      return smallCourses.every(course => courses.includes(course))
    })
  })

  test('who leaves the group has no access from then on, and what they handed in stays', async () => {
    const [ivy, leaver] = [await world().asUser('ivy'), await world().asUser('leaver')]
    await ivy.post('assignment/c1/ps2', questions)
    expect((await leaver.post('submission/c1/ps2', homework)).status).toBe(200)
    await world().hub.removeFromGroup('nbgrader-c1', 'leaver')
    await sleep(pastCacheMs)
    expectRefusal(await leaver.post('submission/c1/ps2', homework), 403, /^Permission denied/)
    expectRefusal(await leaver.get('assignments/c1'), 403, /^Permission denied/)
    expect((await leaver.get('courses')).json).toEqual({ success: true, courses: [] })
    expect((await ivy.get('submissions/c1/ps2')).json.submissions).toHaveLength(1)
  })

  test('who joins the group has access as soon as the cache time is over', async () => {
    const joiner = await world().asUser('joiner')
    expect((await joiner.get('courses')).json).toMatchObject({ courses: [] })
    await world().hub.addToGroup('nbgrader-joined', 'joiner')
    await sleep(pastCacheMs)
    expect((await joiner.get('courses')).json).toMatchObject({ courses: ['joined'] })
  })

  test('a course that an admin deleted does not come back by itself', async () => {
    const [alice, ivy] = [await world().asUser('alice'), await world().asUser('ivy')]
    expect((await ivy.get('courses')).json.courses).toContain('deleted')
    expect((await alice.delete('course/deleted')).json).toEqual({ success: true })
    await sleep(pastCacheMs)
    await sleep(2500) // the roster was read again
    expect((await ivy.get('courses')).json.courses).not.toContain('deleted')
    expectRefusal(await ivy.get('assignments/deleted'), 404, 'Course not found')
  })

  test('the names of the groups may be others', async () => {
    const other = await world().alsoExternal([
      ...['--hub-groups', '--student-group', 'formgrade-{course}'],
      ...['--instructor-group', 'nbgrader-{course}'],
    ])
    const { token } = await world().hub.apiTokenOf('bob')
    expect((await other.with(token).post('assignment/c1/ps1', questions)).json).toEqual({ success: true })
  })

  keepsItsLogClean(world)
})

describe(`ngshare may not read the groups of JupyterHub ${version}`, () => {
  const world = aWorld({
    ngshare: 'managed',
    groups: { 'formgrade-c1': ['ivy'], 'nbgrader-c1': ['bob', 'carol'] },
    options: [
      '--hub-groups',
      '--hub-groups-sync-seconds',
      '1',
      '--token-cache-seconds',
      String(cacheSeconds),
    ],
  })

  test('the groups of whoever asks are known all the same', async () => {
    const [ivy, bob] = [await world().asUser('ivy'), await world().asUser('bob')]
    expect((await ivy.post('assignment/c1/ps1', questions)).json).toEqual({ success: true })
    expect((await bob.post('submission/c1/ps1', homework)).status).toBe(200)
  })

  keepsItsLogClean(world)
})
