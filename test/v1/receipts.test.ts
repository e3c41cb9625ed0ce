/** `receipt/…` and `receipt-keys`: what a student holds in hand after submitting. */
import { createHash, createPublicKey, verify } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import type { Receipt } from '../../src/domain/receipt.ts'
import { rotateSigningKey } from '../../src/exchange/receipts.ts'
import { failure, success, timestampForm } from '../support/answers.ts'
import type { Person } from '../support/client.ts'
import { runStatements } from '../support/database.ts'
import { openedData } from '../support/open-data.ts'
import { aFolder, aService, type Service } from '../support/service.ts'
import { fetched, file, listed, noise } from '../support/trees.ts'

const admin = { name: 'root', kind: 'user', isAdmin: true, address: null } as const

/** `math`, taught by kevin, with marie and pierre; `ex1` is released. */
async function aClass(options: Parameters<typeof aService>[0] = {}): Promise<Service> {
  const service = await aService(options)
  await service.aCourse('math', {
    instructors: ['kevin'],
    students: ['marie', 'pierre'],
    assignments: { ex1: [file('ex1.ipynb', 'the task')] },
  })
  return service
}

async function receiptOf(person: Person, path: string, query: object = {}): Promise<Receipt> {
  const { json } = await person.get(`receipt/${path}`, { ...query })
  return json.receipt as Receipt
}

interface Key {
  readonly id: string
  readonly publicKey: string
  readonly createdAt: string
  readonly retiredAt: string | null
}

async function keysOf(service: Service): Promise<Key[]> {
  return (await service.as('marie').get('receipt-keys')).json.keys as Key[]
}

/** As docs/api-v1.md tells everyone to check it, with nothing of ours. */
function isSigned(receipt: Receipt, keys: readonly Key[]): boolean {
  const { version, id, course, assignment, student, receivedAt, files, digest, key, signature } = receipt
  const publicKey = keys.find(candidate => candidate.id === key)?.publicKey
  if (publicKey === undefined) return false
  const rows = files.map(({ path, sizeBytes, sha256, isExecutable }) => [
    path,
    sizeBytes,
    sha256,
    isExecutable,
  ])
  const signed = JSON.stringify([version, id, course, assignment, student, receivedAt, rows, digest, key])
  return verify(null, Buffer.from(signed), createPublicKey(publicKey), Buffer.from(signature, 'base64'))
}

const sha256 = (bytes: string | Buffer) => createHash('sha256').update(bytes).digest('hex')

describe('the answer to a submission', () => {
  it('has the id of the receipt behind what old clients know, and nothing else', async () => {
    const service = await aClass()
    const answer = await service.as('marie').post('submission/math/ex1', { files: [file('a', 'b')] })
    const { timestamp, receipt } = answer.json
    expect(timestamp).toMatch(timestampForm)
    expect(receipt).toBeTypeOf('string')
    expect(answer).toMatchObject(success({ timestamp, receipt }))
    expect((await receiptOf(service.as('marie'), 'math/ex1/marie')).id).toBe(receipt)
  })

  it('names a receipt of its own each time, also for the same files', async () => {
    const service = await aClass()
    const ids = new Set<unknown>()
    for (const who of ['marie', 'marie', 'pierre', 'kevin']) {
      const answer = await service.as(who).post('submission/math/ex1', { files: [file('a', 'b')] })
      ids.add(answer.json.receipt)
    }
    expect(ids.size).toBe(4)
  })

  it('is the only one that has changed: listing, collecting and feedback answer as before', async () => {
    const service = await aClass()
    const timestamp = await service.submission('marie', 'math/ex1', [file('a', 'b')])
    const [kevin, marie] = [service.as('kevin'), service.as('marie')]
    const submissions = [{ student_id: 'marie', timestamp }]
    expect(await kevin.get('submissions/math/ex1')).toMatchObject(success({ submissions }))
    expect(await marie.get('submissions/math/ex1/marie')).toMatchObject(success({ submissions }))
    expect(await marie.get('submission/math/ex1/marie')).toMatchObject(
      success({ files: [fetched('a', 'b')], timestamp }),
    )
    expect(await kevin.post('feedback/math/ex1/marie', { timestamp, files: [] })).toMatchObject(success())
  })
})

describe('a receipt', () => {
  it('says course, assignment, student, the moment, and path, size and SHA-256 of every file in order', async () => {
    const service = await aClass()
    const contents: [string, string | Buffer][] = [
      ['ex1.ipynb', 'my answer'],
      ['data/größe, "quoted".csv', 'a,b\n'],
      ['empty', ''],
      ['large.bin', noise(400_000)],
      ['copy of the answer', 'my answer'],
    ]
    const at = await service.submission(
      'marie',
      'math/ex1',
      contents.map(([path, bytes]) => file(path, bytes)),
    )
    const receipt = await receiptOf(service.as('marie'), 'math/ex1/marie')
    expect(receipt).toMatchObject({ version: 1, course: 'math', assignment: 'ex1', student: 'marie' })
    expect(receipt.receivedAt).toBe(at)
    expect(receipt.files).toEqual(
      contents.map(([path, bytes]) => ({
        path,
        sizeBytes: Buffer.byteLength(bytes),
        sha256: sha256(bytes),
        isExecutable: false,
      })),
    )
    const lines = contents.map(([path, bytes]) => `${sha256(bytes)} - ${JSON.stringify(path)}\n`)
    expect(receipt.digest).toBe(sha256(lines.join('')))
    expect(isSigned(receipt, await keysOf(service))).toBe(true)
  })

  it('is also for a submission without files', async () => {
    const service = await aClass()
    await service.submission('marie', 'math/ex1', [])
    const receipt = await receiptOf(service.as('marie'), 'math/ex1/marie')
    expect(receipt).toMatchObject({ files: [], digest: sha256('') })
    expect(isSigned(receipt, await keysOf(service))).toBe(true)
  })

  it('holds for its own student, assignment and moment only', async () => {
    const service = await aClass()
    await service.submission('marie', 'math/ex1', [file('a', 'b')])
    const receipt = await receiptOf(service.as('marie'), 'math/ex1/marie')
    const keys = await keysOf(service)
    const forgeries: Partial<Receipt>[] = [
      { student: 'pierre' },
      { assignment: 'ex2' },
      { course: 'physics' },
      { receivedAt: '2001-01-01 00:00:00.000000' },
      { files: [] },
    ]
    for (const forged of forgeries) expect(isSigned({ ...receipt, ...forged }, keys)).toBe(false)
  })

  it('is the same whenever it is asked for', async () => {
    const service = await aClass()
    await service.submission('marie', 'math/ex1', [file('a', 'b')])
    const first = await service.as('marie').get('receipt/math/ex1/marie')
    expect(await service.as('marie').get('receipt/math/ex1/marie')).toMatchObject(success(first.json))
    expect(await service.as('kevin').get('receipt/math/ex1/marie')).toMatchObject(success(first.json))
  })

  it('is of the newest submission, or of the one of that moment', async () => {
    const service = await aClass()
    const marie = service.as('marie')
    const first = await service.submission('marie', 'math/ex1', [file('a', 'first')])
    const second = await service.submission('marie', 'math/ex1', [file('a', 'second')])
    expect((await receiptOf(marie, 'math/ex1/marie')).receivedAt).toBe(second)
    expect((await receiptOf(marie, 'math/ex1/marie', { timestamp: '' })).receivedAt).toBe(second)
    for (const [timestamp, content] of [
      [first, 'first'],
      [`${first} UTC`, 'first'],
      [second, 'second'],
    ] as const) {
      const { files } = await receiptOf(marie, 'math/ex1/marie', { timestamp })
      expect(files.map(part => part.sha256)).toEqual([sha256(content)])
    }
  })

  it('is also there of what students submitted before they left, and before the assignment was released anew', async () => {
    const service = await aClass()
    await service.submission('marie', 'math/ex1', [file('a', 'b')])
    const before = await receiptOf(service.as('marie'), 'math/ex1/marie')
    await service.as('kevin').delete('student/math/marie')
    await service.as('kevin').delete('assignment/math/ex1')
    expect(await service.as('marie').get('receipt/math/ex1/marie')).toMatchObject(
      failure(404, 'Assignment not found'),
    )
    await service.as('kevin').post('assignment/math/ex1', { files: [] })
    expect(await receiptOf(service.as('marie'), 'math/ex1/marie')).toEqual(before)
    expect(await receiptOf(service.as('kevin'), 'math/ex1/marie')).toEqual(before)
  })
})

describe('who may see a receipt', () => {
  it.each(['marie', 'kevin', 'root'])('its student, instructors and admins: %s', async who => {
    const service = await aClass()
    await service.submission('marie', 'math/ex1', [file('a', 'b')])
    expect((await service.as(who).get('receipt/math/ex1/marie')).status).toBe(200)
  })

  it.each(['pierre', 'abigail'])(
    'nobody else, be there one or not: a fellow student, an instructor of another course (%s)',
    async who => {
      const service = await aClass()
      await service.aCourse('physics', { instructors: ['abigail'], students: ['pierre'] })
      await service.submission('marie', 'math/ex1', [file('a', 'b')])
      for (const path of ['math/ex1/marie', 'math/ex1/kevin', 'math/nothing/marie', 'math/ex1/nobody']) {
        const answer = await service.as(who).get(`receipt/${path}`)
        expect(answer, path).toMatchObject(failure(403, 'Permission denied'))
      }
    },
  )

  it('nobody of whom it is not known who asks', async () => {
    const service = await aClass()
    await service.submission('marie', 'math/ex1', [file('a', 'b')])
    for (const path of ['receipt/math/ex1/marie', 'receipt-keys', 'events', 'events/math']) {
      expect((await service.ask('GET', `/api/${path}`)).json, path).toMatchObject({ success: false })
    }
  })

  it.each([
    ['nothing/ex1/marie', {}, 'Course not found'],
    ['math/nothing/marie', {}, 'Assignment not found'],
    ['math/ex1/nobody', {}, 'Student not found'],
    ['math/ex1/pierre', {}, 'Submission not found'],
    ['math/ex1/marie', { timestamp: '2001-01-01 00:00:00.000000' }, 'Submission not found'],
    ['math/ex1/marie', { timestamp: 'yesterday' }, 'Submission not found'],
  ])('what is not there is not found: %s %o', async (path, query, message) => {
    const service = await aClass()
    await service.submission('marie', 'math/ex1', [file('a', 'b')])
    expect(await service.as('kevin').get(`receipt/${path}`, query)).toMatchObject(failure(404, message))
  })

  it('nothing but reading is possible', async () => {
    const service = await aClass()
    for (const path of ['receipt/math/ex1/marie', 'receipt-keys', 'events', 'events/math']) {
      for (const verb of ['post', 'put', 'delete'] as const) {
        const answer = await service.as('root')[verb](path)
        expect(answer, path).toMatchObject(failure(405, 'Method not allowed'))
        expect(answer.headers.allow).toBe('GET, HEAD')
      }
    }
  })
})

describe('students', () => {
  it('list and download every attempt of their own', async () => {
    const service = await aClass()
    const attempts = []
    for (const content of ['first', 'second', 'third']) {
      attempts.push({
        content,
        timestamp: await service.submission('marie', 'math/ex1', [file('a', content)]),
      })
      await service.submission('pierre', 'math/ex1', [file('a', 'another’s')])
    }
    const marie = service.as('marie')
    expect(await marie.get('submissions/math/ex1/marie')).toMatchObject(
      success({ submissions: attempts.map(({ timestamp }) => ({ student_id: 'marie', timestamp })) }),
    )
    for (const { content, timestamp } of attempts) {
      const own = 'submission/math/ex1/marie'
      expect(await marie.get(own, { timestamp })).toMatchObject(
        success({ files: [fetched('a', content)], timestamp }),
      )
      expect(await marie.get(own, { timestamp, list_only: 'true' })).toMatchObject(
        success({ files: [listed('a', content)], timestamp }),
      )
    }
    expect((await marie.get('submissions/math/ex1/pierre')).status).toBe(403)
    expect((await marie.get('submission/math/ex1/pierre')).status).toBe(403)
  })
})

describe('the keys', () => {
  it('are told to everyone, public parts only', async () => {
    const service = await aClass()
    await service.submission('marie', 'math/ex1', [])
    const receipt = await receiptOf(service.as('marie'), 'math/ex1/marie')
    const answer = await service.as('whoever').get('receipt-keys')
    const [key] = answer.json.keys as Key[]
    expect(answer).toMatchObject(
      success({
        keys: [{ id: receipt.key, publicKey: key?.publicKey, createdAt: key?.createdAt, retiredAt: null }],
      }),
    )
    expect(key?.publicKey).toMatch(/^-----BEGIN PUBLIC KEY-----\n[^-]+\n-----END PUBLIC KEY-----\n$/)
    expect(key?.createdAt).toMatch(timestampForm)
  })

  it('survive a restart, and so do receipts', async () => {
    const folder = await aFolder()
    const before = await aClass({ folder })
    await before.submission('marie', 'math/ex1', [file('a', 'b')])
    const receipt = await receiptOf(before.as('marie'), 'math/ex1/marie')
    const keys = await keysOf(before)
    await before.close()
    const after = await aService({ folder })
    expect(await receiptOf(after.as('marie'), 'math/ex1/marie')).toEqual(receipt)
    expect(await keysOf(after)).toEqual(keys)
  })

  it('are made once, also where two servers on the same data need the first one at the same time', async () => {
    const folder = await aFolder()
    const one = await aClass({ folder })
    const other = await aService({ folder })
    await one.submission('marie', 'math/ex1', [file('a', 'b')])
    const receipts = await Promise.all(
      Array.from({ length: 20 }, (_, i) =>
        receiptOf((i % 2 === 0 ? one : other).as('marie'), 'math/ex1/marie'),
      ),
    )
    expect(new Set(receipts.map(receipt => receipt.signature)).size).toBe(1)
    const keys = await keysOf(one)
    expect(keys).toHaveLength(1)
    expect(await keysOf(other)).toEqual(keys)
    expect(receipts.every(receipt => isSigned(receipt, keys))).toBe(true)
  })

  it('change, and what the old one signed stays good', async () => {
    const service = await aClass()
    await service.submission('marie', 'math/ex1', [file('a', 'b')])
    const old = await receiptOf(service.as('marie'), 'math/ex1/marie')
    const { exchange } = await openedData(service)
    const newId = await rotateSigningKey(exchange, admin)
    const anew = await receiptOf(service.as('marie'), 'math/ex1/marie')
    expect(anew).toEqual({ ...old, key: newId, signature: anew.signature })
    expect(newId).not.toBe(old.key)
    const keys = await keysOf(service)
    expect(keys.map(({ id, retiredAt }) => [id, retiredAt === null])).toEqual([
      [old.key, false],
      [newId, true],
    ])
    expect([old, anew].map(receipt => isSigned(receipt, keys))).toEqual([true, true])
    const changed = { ...old, student: 'pierre' }
    expect(isSigned(changed, keys)).toBe(false)
  })

  it('change at once for all, and there is one that signs, however many change them at the same time', async () => {
    const folder = await aFolder()
    const one = await aClass({ folder })
    const other = await aService({ folder })
    await one.submission('marie', 'math/ex1', [])
    await receiptOf(one.as('marie'), 'math/ex1/marie')
    const data = await Promise.all([openedData(one), openedData(one)])
    await Promise.all(
      data.flatMap(({ exchange }) => [rotateSigningKey(exchange, admin), rotateSigningKey(exchange, admin)]),
    )
    const keys = await keysOf(one)
    const signing = keys.filter(key => key.retiredAt === null)
    expect([keys.length, signing.length]).toEqual([5, 1])
    for (const service of [one, other]) {
      expect((await receiptOf(service.as('marie'), 'math/ex1/marie')).key).toBe(signing[0]?.id)
    }
  })

  it('never leave the database with their private part: not in an answer, not in the log', async () => {
    const service = await aClass({ debug: true, logLevel: 'info' })
    const { exchange } = await openedData(service)
    await service.submission('marie', 'math/ex1', [file('a', 'b')])
    const answers = []
    for (const _ of ['first', 'second']) {
      for (const path of ['receipt/math/ex1/marie', 'receipt-keys', 'events', 'events/math', 'courses', '']) {
        answers.push(await service.as('root').get(path))
      }
      answers.push(await service.as('root').get('initialize-Data6ase', { action: 'dump' }))
      await rotateSigningKey(exchange, admin)
    }
    answers.push(await service.ask('GET', '/metrics'))
    const keys = await runStatements<{ pem: string }>(
      service.database,
      'select private_key as pem from signing_keys',
    )
    const pems = keys.map(({ pem }) => pem)
    expect(pems).toHaveLength(3)
    const said = [...answers.map(answer => answer.text), ...service.log].join('\n')
    expect(said).toContain('receipt-keys')
    expect(said).not.toContain('PRIVATE')
    for (const pem of pems) expect(said).not.toContain(pem.split('\n')[1])
  })
})
