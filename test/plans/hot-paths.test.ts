/** What requests, and the work that a server does by itself, cost does not grow with what was stored before. */
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { purgeHidden } from '../../src/exchange/housekeeping.ts'
import { sweepContent } from '../../src/exchange/leftovers.ts'
import { registeredRoutes } from '../docs/routes.ts'
import { eventually } from '../faults/eventually.ts'
import { onPostgres } from '../support/database.ts'
import { aHub } from '../support/fake-hub.ts'
import { aHubService } from '../support/hub-service.ts'
import { openedData } from '../support/open-data.ts'
import { aFolder, aService } from '../support/service.ts'
import { findScans, indexesOf, type Scan } from './plans.ts'
import { recordStatements } from './recorded-statements.ts'
import { askSecondApi } from './second-api.ts'
import { askEverything } from './whole-api.ts'

const gigabyte = 1e9
const quotas = { maxAssignmentBytes: gigabyte, maxUserBytes: gigabyte, maxCourseBytes: gigabyte }

/** What reads all courses, assignments or members because all are wanted, seldom or by admins. */
const wholes: readonly RegExp[] = [
  /^select "courses"."name" from "courses" where "courses"."hidden_at" is null order by "courses"."name"$/,
  /^select "assignments"."id".* from "assignments" inner join "courses" .* where \("assignments"."hidden_at" < (\+\?|\$1)/,
  /^select "courses"."id".* from "courses" left join "assignments" .* where "courses"."hidden_at" < (\+\?|\$1)/,
  /^select .* from "members" .* where "members"."group_role" is not null and "courses"."hidden_at" is null$/,
]

/** Without these no statement reads more than its own rows: one spares listings the sorting, one is a rule. */
const dispensable: readonly string[] = ['submissions_assignment', 'feedback_served']

/**
 * PostgreSQL does not show what a deletion asks of the tables that may point at the row, and calls it a search where it
 * reads all of an index for its second column; the same schema on SQLite shows both.
 */
const unshown: readonly string[] = onPostgres
  ? ['feedback_tree', 'releases_tree', 'submissions_tree', 'uploads_blob', 'announcements_assignment']
  : []

const inAMinute = () => Date.now() + 60_000

const unexpected = (scans: readonly Scan[]) =>
  scans.filter(({ statement }) => !wholes.some(whole => whole.test(statement)))

/** What a server runs that does everything once, from its start to its end, with every quota set. */
async function aServersLife() {
  const folder = await aFolder()
  await (await aService({ folder })).close() // migrations may look at all there is
  const recorded = recordStatements()
  const service = await aService({ folder, ...quotas })
  const asked = await askEverything(user => service.as(user))
  await askSecondApi(service)
  for (const path of ['/healthz', '/readyz', '/metrics'])
    expect(await service.ask('GET', path)).toMatchObject({ status: 200 })
  await service.close()
  return { service, asked, statements: [...recorded] }
}

/** What people run whom a hub's groups bring, and those groups themselves. */
async function aTermOfGroups() {
  const hub = await aHub({ readsGroups: true })
  hub.join('ann', 'formgrade-physics')
  hub.join('bob', 'nbgrader-physics')
  const folder = await aFolder()
  const args = ['--hub-groups', '--hub-groups-sync-seconds=1', '--token-cache-seconds=0']
  await (await aHubService({ hub, args, folder })).close()
  const recorded = recordStatements()
  const service = await aHubService({ hub, args, folder })
  await service.as('ann').get('courses')
  const students = async () => (await service.as('ann').get('students/physics')).text
  await eventually('bob is a student', async () => (await students()).includes('bob'))
  hub.leave('bob', 'nbgrader-physics')
  await service.as('bob').get('courses')
  await service.close()
  return { database: join(folder, 'ngshare.db'), statements: [...recorded] }
}

/** What purging deleted work for good runs, and sweeping the storage folder. */
async function thePurge() {
  const folder = await aFolder()
  const service = await aService({ folder })
  await askEverything(user => service.as(user))
  await service.as('kevin').delete('assignment/physics/ps1')
  await service.as('root').delete('course/physics')
  await service.close()
  const { exchange } = await openedData(service)
  const recorded = recordStatements()
  expect(await purgeHidden(exchange, { hiddenBefore: inAMinute() })).toBe(2)
  await sweepContent(exchange, { olderThan: inAMinute() })
  return { service, statements: [...recorded] }
}

describe('every statement', () => {
  it('of a server goes to the rows that it needs by an index', async () => {
    const { service, statements } = await aServersLife()
    expect(statements.length).toBeGreaterThan(60)
    expect(unexpected(await findScans(service.database, statements))).toEqual([])
  })

  it('for people of groups of a hub does', async () => {
    const { database, statements } = await aTermOfGroups()
    expect(unexpected(await findScans(database, statements))).toEqual([])
  })

  it('that purges or sweeps does', async () => {
    const { service, statements } = await thePurge()
    expect(statements.filter(statement => /^delete from/.test(statement)).length).toBeGreaterThan(7)
    expect(unexpected(await findScans(service.database, statements))).toEqual([])
  })
})

describe('these checks', () => {
  it('ask for everything that the first API has', async () => {
    const { asked } = await aServersLife()
    const routes = (await registeredRoutes())
      .map(route => route.replace('/api/', ''))
      .filter(route => !/ \/|initialize-Data6ase|v2\/|healthz|readyz|simple\/|\.(ico|js|whl)$/.test(route))
    expect(routes.length).toBeGreaterThan(25)
    expect(asked.toSorted()).toEqual(routes.toSorted())
  })

  it('fail without any of the indexes', { timeout: 120_000 }, async () => {
    const life = await aServersLife()
    const others = [await thePurge(), await aTermOfGroups()]
    const statements = [life, ...others].flatMap(({ statements }) => statements)
    const unnoticed: string[] = []
    for (const index of await indexesOf(life.service.database)) {
      const scans = await findScans(life.service.database, statements, { without: index })
      if (unexpected(scans).length === 0) unnoticed.push(index)
    }
    expect(unnoticed.toSorted()).toEqual([...dispensable, ...unshown].toSorted())
  })
})
