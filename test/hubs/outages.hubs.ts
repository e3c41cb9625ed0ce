/** The hub goes away in the middle of work, hangs, and comes back. */
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { eventually } from '../faults/eventually.ts'
import { file } from '../support/trees.ts'
import type { Cookie } from './hub/cookie-jar.ts'
import { version } from './hub/hub.ts'
import type { Client, ExternalNgshare } from './hub/ngshare.ts'
import { isAlive } from './hub/program.ts'
import { aWorld, expectRefusal, keepsItsLogClean, type World } from './hub/world.ts'

const cacheSeconds = 1
const pastCacheMs = cacheSeconds * 1000 + 300
const homework = { files: [file('ps1.ipynb', 'my answers')] }
const tellsOfTrouble = /JupyterHub/

describe(`JupyterHub ${version} is in trouble; its proxy and ngshare go on`, () => {
  const world = aWorld({
    ngshare: 'external',
    people: 'may use ngshare',
    proxyIsSeparate: true,
    options: [
      '--admins',
      'alice',
      '--token-cache-seconds',
      String(cacheSeconds),
      '--hub-timeout-seconds',
      '2',
    ],
  })

  /** Student and instructor are at work, dave is at his browser; carol has a token that ngshare has not seen. */
  async function peopleAtWork(course: string) {
    const name = `student-of-${course}`
    await aClass(world(), course, { instructor: 'ivy', student: name })
    const student = world().with(await world().hub.notebookTokenOf(name))
    const [ivy, carol] = [await world().asUser('ivy'), await world().asUser('carol')]
    expect((await student.get('courses')).status).toBe(200)
    expect((await ivy.get('courses')).status).toBe(200)
    const dave = world().browserOf('dave')
    expect((await dave.open(world().page())).status).toBe(200)
    return { student, ivy, carol, dave }
  }

  describe('while it is stopped', () => {
    let people: Awaited<ReturnType<typeof peopleAtWork>>
    let careful: ExternalNgshare

    beforeAll(async () => {
      people = await peopleAtWork('stopped')
      careful = await world().alsoExternal(['--token-cache-seconds', '1', '--hub-grace-seconds', '0'])
      await world().hub.stop()
      await sleep(pastCacheMs)
    })
    afterAll(() => world().hub.start())

    test('a student who was at work hands in all the same, and the instructor collects', async () => {
      const { student, ivy } = people
      const handedIn = await student.post('submission/stopped/ps1', homework)
      expect({ status: handedIn.status, ...handedIn.json }).toMatchObject({ status: 200, success: true })
      const { timestamp } = handedIn.json
      expect((await ivy.get('submissions/stopped/ps1')).json).toMatchObject({
        submissions: [{ student_id: 'student-of-stopped', timestamp }],
      })
    })

    test('somebody who was not is asked to come again soon', async () => {
      const answer = await people.carol.post('submission/stopped/ps1', homework)
      expectRefusal(answer, 503, tellsOfTrouble)
      expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0)
    })

    test('a token that nobody issued is not believed', async () => {
      expectRefusal(await world().with('that-nobody-issued').get('courses'), 503, tellsOfTrouble)
    })

    test('people at their browsers stay logged in', async () => {
      const page = await people.dave.look(world().page())
      expect({ status: page.status, steps: page.way.length }).toEqual({ status: 200, steps: 1 })
    })

    test('health is told all the same', async () => {
      for (const path of ['healthz', 'readyz']) {
        expect((await world().external.ask(`/${path}`)).status).toBe(200)
        expect((await world().external.ask(world().prefix + path)).status).toBe(200)
      }
    })

    test('an admin may choose that nobody works; nobody loses a session by that', async () => {
      const cookie = people.dave.jar.headerFor(world().prefix)
      const answer = await careful.ask(`${world().prefix}courses`, { headers: { cookie } })
      expectRefusal(answer, 503, tellsOfTrouble)
      expect(answer.headers).not.toHaveProperty('set-cookie')
    })
  })

  describe('when it was stopped and is back', () => {
    let people: Awaited<ReturnType<typeof peopleAtWork>>
    let deleted: Client
    let session: Cookie | undefined

    beforeAll(async () => {
      people = await peopleAtWork('back')
      const { token, id } = await world().hub.apiTokenOf('frank')
      deleted = world().with(token)
      expect((await deleted.get('courses')).status).toBe(200)
      await world().hub.revoke('frank', id)
      session = world().sessionOf(people.dave)
      await world().hub.stop()
      await sleep(pastCacheMs)
      for (const client of [people.student, people.ivy, deleted])
        expect((await client.get('courses')).status).toBe(200)
      expect((await people.carol.get('courses')).status).toBe(503)
      await world().hub.start()
    })

    test('everybody works on with the tokens that they have', async () => {
      for (const client of [people.student, people.ivy, people.carol]) {
        expect((await client.get('courses')).status).toBe(200)
      }
    })

    test('a token that was deleted meanwhile is found out', async () => {
      await eventually('a refusal', async () => (await deleted.get('courses')).status === 401)
      expectRefusal(await deleted.get('courses'), 401, /^Login required/)
    })

    test('people at their browsers are logged in still', async () => {
      const page = await people.dave.look(world().page('courses'))
      expect({ status: page.status, steps: page.way.length }).toEqual({ status: 200, steps: 1 })
      expect(session).toBeDefined()
      expect(world().sessionOf(people.dave)?.value).toBe(session?.value)
    })
  })

  describe('while it hangs', () => {
    let people: Awaited<ReturnType<typeof peopleAtWork>>

    beforeAll(async () => {
      people = await peopleAtWork('hanging')
      await sleep(pastCacheMs)
      process.kill(world().hub.pid, 'SIGSTOP')
    })
    afterAll(() => {
      process.kill(world().hub.pid, 'SIGCONT')
    })

    test('a student who was at work hands in, and hardly notices', async () => {
      const startedAt = performance.now()
      expect((await people.student.post('submission/hanging/ps1', homework)).status).toBe(200)
      expect(performance.now() - startedAt).toBeLessThan(3500)
    })

    test('nobody waits longer than the admin has said', async () => {
      const startedAt = performance.now()
      expectRefusal(await people.carol.get('courses'), 503, tellsOfTrouble)
      expect(performance.now() - startedAt).toBeLessThan(7000)
    })

    test('health is told at once', async () => {
      for (const path of ['healthz', 'readyz']) {
        const startedAt = performance.now()
        expect((await world().external.ask(`/${path}`)).status).toBe(200)
        expect(performance.now() - startedAt).toBeLessThan(1000)
      }
    })
  })

  keepsItsLogClean(world)
})

describe(`JupyterHub ${version} is started again, and ngshare with it`, () => {
  const world = aWorld({ ngshare: 'managed', people: 'may use ngshare', hasFixedToken: false })

  test('with a new token of its own: people notice one round of redirects at most', async () => {
    const token = await world().hub.notebookTokenOf('bob')
    const browser = world().browserOf('bob')
    await browser.open(world().page())
    await world().hub.stop()
    await world().hub.start()
    expect((await world().with(token).get('courses')).status).toBe(200)
    const address = world().page('courses?after=restart')
    const page = await browser.look(address)
    expect({ status: page.status, url: page.url.href }).toEqual({ status: 200, url: address })
    expect((await browser.look(address)).way).toHaveLength(1)
  })

  test('after the hub was killed, a second ngshare says what is in its way, and touches nothing', async () => {
    const token = await world().hub.notebookTokenOf('carol')
    const [left = 0] = world().managedPids()
    await world().hub.stop('SIGKILL')
    await world().hub.start()
    await eventually('a word of the second', () =>
      world()
        .log()
        .some(line => isAboutPort(line, world().port)),
    )
    expect(isAlive(left)).toBe(true)
    expect((await world().with(token).get('courses')).status).toBe(200)
  })

  keepsItsLogClean(world)
})

async function aClass(world: World, course: string, people: { instructor: string; student: string }) {
  const alice = await world.asUser('alice')
  const noDetails = { first_name: '', last_name: '', email: '' }
  const steps: [string, Record<string, unknown>][] = [
    [`course/${course}`, { instructors: [people.instructor] }],
    [`student/${course}/${people.student}`, noDetails],
    [`assignment/${course}/ps1`, { files: [file('ps1.ipynb', 'questions')] }],
  ]
  for (const [path, fields] of steps) {
    expect((await alice.post(path, fields)).json).toMatchObject({ success: true })
  }
}

function isAboutPort(line: string, port: number): boolean {
  return line.startsWith('cannot listen on') && line.includes(String(port))
}
