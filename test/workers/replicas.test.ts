/** Two servers that share nothing but the database and the files: what one knows holds at the other. */
import { createPublicKey } from 'node:crypto'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { isGenuine, type Receipt } from '../../src/domain/receipt.ts'
import { receiptCommand } from '../../src/ops/receipt.ts'
import { eventually } from '../faults/eventually.ts'
import { success } from '../support/answers.ts'
import { Browser } from '../support/browser.ts'
import { placesOf, runCommand } from '../support/commands.ts'
import { aHub } from '../support/fake-hub.ts'
import { aHubService, type HubService } from '../support/hub-service.ts'
import { aFolder } from '../support/service.ts'
import { file } from '../support/trees.ts'

const fields = { files: [file('ps1.ipynb', 'work')] }
const loginRequired = {
  status: 401,
  json: { success: false, message: expect.stringMatching(/^Login required/) },
}

async function twoReplicas(args: readonly string[] = []) {
  const hub = await aHub()
  const folder = await aFolder()
  const one = await aHubService({ hub, folder, args })
  const other = await aHubService({ hub, folder, args })
  await one.aCourse('physics', {
    instructors: ['ann'],
    students: ['bob'],
    assignments: { ps1: [file('ps1.ipynb', '{}')] },
  })
  return { hub, folder, one, other, both: [one, other] as const }
}

/** As behind a proxy that sends each request to the next replica. */
function browserInTurn([one, other]: readonly [HubService, HubService]): Browser {
  let turn = 0
  const host = `127.0.0.1:${one.port}`
  const ask: HubService['ask'] = (method, path, options = {}) =>
    (turn++ % 2 === 0 ? one : other).ask(method, path, { ...options, headers: { ...options.headers, host } })
  const browser = new Browser({ ask, prefix: one.prefix, port: one.port, hub: one.hub })
  for (const service of [one, other]) service.keepSecret(browser.session)
  return browser
}

describe('a person who logs in by browser', () => {
  it('is sent to the hub by one, comes back to the other, and is known to both', async () => {
    const { both, one } = await twoReplicas()
    const browser = browserInTurn(both)
    expect((await browser.logIn('bob')).status).toBe(302)
    for (let turn = 0; turn < 4; turn++) {
      expect(await browser.open(`${one.prefix}courses`)).toMatchObject(success({ courses: ['physics'] }))
    }
  })

  it('may send to one what a page of the other lets them send', async () => {
    const { both, one } = await twoReplicas()
    const browser = browserInTurn(both)
    await browser.logIn('bob')
    const xsrf = await browser.xsrfToken()
    for (let turn = 0; turn < 2; turn++) {
      const answer = await browser.script('POST', `${one.prefix}submission/physics/ps1`, { fields, xsrf })
      expect(answer.status).toBe(200)
    }
  })

  it('is logged out of both at once by logging out at the hub', async () => {
    const { both, one } = await twoReplicas()
    const browser = browserInTurn(both)
    await browser.logIn('bob')
    for (const _ of both) expect((await browser.open(`${one.prefix}courses`)).status).toBe(200)
    browser.logOutOfHub()
    for (const _ of both) {
      const headers = { accept: 'application/json' }
      expect(await browser.request('GET', `${one.prefix}courses`, { headers })).toMatchObject(loginRequired)
    }
  })
})

describe('a token that the hub revokes', () => {
  it('is refused by both when the time is over for which the word of the hub counts', async () => {
    const { hub, both } = await twoReplicas(['--token-cache-seconds=1'])
    const token = hub.notebookToken('bob')
    for (const service of both) expect((await service.with(token).get('courses')).status).toBe(200)
    hub.revoke(token)
    await eventually(
      'both refuse it',
      async () => {
        const answers = await Promise.all(both.map(service => service.with(token).get('courses')))
        return answers.every(answer => answer.status === 401)
      },
      3000,
    )
  })
})

describe('what is done through one', () => {
  it('is in the next listing of the other, although both keep listings', async () => {
    const { one, other } = await twoReplicas()
    const told: string[] = []
    for (const service of [one, other, other, one]) {
      told.push(await service.submission('bob', 'physics/ps1', fields.files))
      for (const reader of [one, other]) {
        const { json } = await reader.as('ann').get('submissions/physics/ps1')
        const listed = (json.submissions as { timestamp: string }[]).map(({ timestamp }) => timestamp)
        expect(listed.toSorted()).toEqual(told.toSorted())
      }
    }
  })

  it('decides at once what people may do at the other', async () => {
    const { one, other } = await twoReplicas()
    await other.submission('bob', 'physics/ps1', fields.files)
    await one.as('ann').delete('student/physics/bob')
    expect((await other.as('bob').post('submission/physics/ps1', fields)).status).toBe(403)
  })
})

describe('a new key for receipts', () => {
  it('signs at both from then on, and what the old one signed stays good', async () => {
    const { both, one, other, folder } = await twoReplicas()
    await one.submission('bob', 'physics/ps1', fields.files)
    const receiptOf = async (service: HubService) =>
      (await service.as('bob').get('receipt/physics/ps1/bob')).json.receipt as Receipt
    const before = await Promise.all(both.map(receiptOf))
    const places = { database: join(folder, 'ngshare.db'), storage: join(folder, 'files') }
    const { failure } = await runCommand(receiptCommand, ['rotate-key', ...placesOf(places)])
    expect(failure).toBeNull()
    const after = await Promise.all(both.map(receiptOf))
    const { json } = await other.as('bob').get('receipt-keys')
    const [old, present] = json.keys as { id: string; publicKey: string }[]
    expect(before.map(({ key }) => key)).toEqual([old?.id, old?.id])
    expect(after.map(({ key }) => key)).toEqual([present?.id, present?.id])
    for (const [receipts, key] of [
      [before, old],
      [after, present],
    ] as const) {
      const publicKey = createPublicKey(key?.publicKey ?? '')
      expect(receipts.every(receipt => isGenuine(receipt, publicKey))).toBe(true)
    }
  })
})
