/** `ngshare receipt …`: receipts checked without the server, and the keys that sign them. */
import { generateKeyPairSync } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import Sqlite from 'better-sqlite3'
import { describe, expect, it } from 'vitest'
import { keyId, type Receipt, signReceipt } from '../../src/domain/receipt.ts'
import { receiptCommand } from '../../src/ops/receipt.ts'
import { runProgram } from '../faults/world.ts'
import { placesOf, runCommand } from '../support/commands.ts'
import { aFolder, aService, aServiceForTheFile, type Service } from '../support/service.ts'
import { file } from '../support/trees.ts'

/** Marie has submitted; her receipt and the keys, as the API gives them, are files beside the data. */
async function withReceipt(service: Service) {
  await service.aCourse('math', { students: ['marie'], assignments: { ex1: [] } })
  await service.submission('marie', 'math/ex1', [file('ex1.ipynb', 'my answer'), file('größe.csv', '1,2')])
  const saved = async (name: string, value: unknown) => {
    const path = join(service.folder, name)
    await writeFile(path, typeof value === 'string' ? value : JSON.stringify(value))
    return path
  }
  const answers = {
    receipt: (await service.as('marie').get('receipt/math/ex1/marie')).text,
    keys: (await service.as('marie').get('receipt-keys')).text,
  }
  return {
    service,
    saved,
    receipt: JSON.parse(answers.receipt).receipt as Receipt,
    wrapped: await saved('answer.json', answers.receipt),
    keys: await saved('keys.json', answers.keys),
  }
}

const aReceipt = async () => withReceipt(await aService())
/** For tests that only read. */
const { saved, receipt, wrapped, keys } = await withReceipt(await aServiceForTheFile())

const run = (...args: string[]) => runCommand(receiptCommand, args)
const program = (...args: string[]) => runProgram(['receipt', ...args])

/** No stack trace, and nothing on standard output. */
function expectReason({ code, said, complained }: Awaited<ReturnType<typeof program>>, status = 1): void {
  expect({ code, said }).toEqual({ code: status, said: '' })
  expect(complained).toMatch(/\S/)
  expect(complained).not.toMatch(/\n {4}at /)
}

describe('ngshare receipt verify', () => {
  it('finds a receipt genuine, bare or as the API wraps it', async () => {
    for (const path of [wrapped, await saved('receipt.json', receipt)]) {
      const { code, said, complained } = await program('verify', path, '--keys', keys)
      expect({ code, complained }).toEqual({ code: 0, complained: '' })
      for (const fact of ['marie', 'math/ex1', receipt.receivedAt, receipt.digest]) {
        expect(said).toContain(fact)
      }
    }
    const asJson = await program('verify', wrapped, '--keys', keys, '--json')
    expect(JSON.parse(asJson.said)).toMatchObject({ genuine: true, receipt })
  })

  it('takes the keys as the command prints them, too', async () => {
    const { service, saved, wrapped } = await aReceipt()
    const command = await program('keys', '--json', ...placesOf(service))
    expect(command).toMatchObject({ code: 0, complained: '' })
    const printed = await saved('printed.json', command.said)
    expect((await run('verify', wrapped, '--keys', printed)).failure).toBeNull()
  })

  it('does not mind how the JSON is laid out', async () => {
    const backwards = Object.fromEntries(Object.entries(receipt).reverse())
    const path = await saved('pretty.json', JSON.stringify(backwards, null, 4))
    expect((await run('verify', path, '--keys', keys)).failure).toBeNull()
  })

  it('refuses a receipt in which anything was changed, with a reason and status 1', async () => {
    const path = await saved('changed.json', { ...receipt, student: 'pierre' })
    expectReason(await program('verify', path, '--keys', keys))
    expectReason(await program('verify', path, '--keys', keys, '--json'))
  })

  const otherHash = 'a'.repeat(64)
  it.each<[what: string, change: (receipt: Receipt) => object]>([
    ['version', () => ({ version: 2 })],
    ['id', () => ({ id: '7-000000000000' })],
    ['course', () => ({ course: 'physics' })],
    ['assignment', () => ({ assignment: 'ex2' })],
    ['student', () => ({ student: 'pierre' })],
    ['student, in another case', () => ({ student: 'Marie' })],
    ['moment', () => ({ receivedAt: '2020-01-01 00:00:00.000000' })],
    ['moment, by a microsecond', ({ receivedAt }) => ({ receivedAt: nextDigit(receivedAt) })],
    ['digest', () => ({ digest: otherHash })],
    ['key', () => ({ key: '0123456789abcdef' })],
    [
      'signature',
      ({ signature }) => ({ signature: `${signature[0] === 'A' ? 'B' : 'A'}${signature.slice(1)}` }),
    ],
    ['signature, to none', () => ({ signature: '' })],
    ['path of a file', ({ files }) => ({ files: [{ ...files[0], path: 'ex2.ipynb' }, files[1]] })],
    ['size of a file', ({ files }) => ({ files: [{ ...files[0], sizeBytes: 10 }, files[1]] })],
    ['SHA-256 of a file', ({ files }) => ({ files: [{ ...files[0], sha256: otherHash }, files[1]] })],
    ['executable bit', ({ files }) => ({ files: [{ ...files[0], isExecutable: true }, files[1]] })],
    ['order of the files', ({ files }) => ({ files: files.toReversed() })],
    ['files, by one fewer', ({ files }) => ({ files: files.slice(1) })],
    ['files, by one more', ({ files }) => ({ files: [...files, files[0]] })],
    ['size, into text', ({ files }) => ({ files: [{ ...files[0], sizeBytes: '9' }, files[1]] })],
    ['files, into nothing', () => ({ files: null })],
    ['files, into no files', () => ({ files: [null, 1, 'x', []] })],
    ['files, into an object', ({ files }) => ({ files: { ...files } })],
    ['key, into a number', () => ({ key: 1 })],
    ['signature, into a list', () => ({ signature: [] })],
    ['course, into nothing', () => ({ course: null })],
    ['moment, away', () => ({ receivedAt: undefined })],
  ])('refuses another %s', async (_what, change) => {
    const path = await saved('changed.json', { ...receipt, ...change(receipt) })
    const outcome = await run('verify', path, '--keys', keys)
    expect(outcome.failure).toMatch(/\S/)
    expect(outcome.text).toBe('')
  })

  it('says of nothing that it is genuine that was not signed', async () => {
    const path = await saved('more.json', {
      ...receipt,
      grade: 'A+',
      files: receipt.files.map(part => ({ ...part, grade: 'A+' })),
    })
    const { text, failure } = await run('verify', path, '--keys', keys, '--json')
    if (failure === null) expect(text).not.toContain('A+')
  })

  it('refuses digest, files and signature that fit each other, but were signed by nobody whom it knows', async () => {
    const { privateKey } = generateKeyPairSync('ed25519')
    const forged = signReceipt({ ...receipt, student: 'pierre' }, privateKey)
    for (const key of [forged.key, receipt.key]) {
      const path = await saved('forged.json', { ...forged, key })
      expect((await run('verify', path, '--keys', keys)).failure).toMatch(/\S/)
    }
  })

  it('refuses a genuine receipt where the keys are of another service', async () => {
    const { publicKey } = generateKeyPairSync('ed25519')
    const pem = publicKey.export({ type: 'spki', format: 'pem' })
    const path = await saved('other-keys.json', { keys: [{ id: keyId(publicKey), publicKey: pem }] })
    expectReason(await program('verify', wrapped, '--keys', path))
  })

  it('does not believe a key that is called like the one which signed', async () => {
    const { publicKey, privateKey } = generateKeyPairSync('ed25519')
    const pem = publicKey.export({ type: 'spki', format: 'pem' })
    const forged = { ...signReceipt({ ...receipt, student: 'pierre' }, privateKey), key: receipt.key }
    const mixed = await saved('mixed.json', { keys: [{ id: receipt.key, publicKey: pem }] })
    const path = await saved('forged.json', forged)
    expect((await run('verify', path, '--keys', mixed)).failure).toMatch(/\S/)
  })

  it.each([
    ['', 'nothing'],
    ['not JSON', 'no JSON'],
    ['null', 'null'],
    ['[]', 'a list'],
    ['7', 'a number'],
    ['{}', 'an empty object'],
    ['{"success": false, "message": "Permission denied"}', 'a refusal of the API'],
    ['{"receipt": null}', 'an answer without a receipt'],
    ['\u0000\ufffd\u0001', 'bytes'],
  ])('has a reason not to take for a receipt or for keys: %j', async content => {
    const path = await saved('garbage', content)
    expect((await run('verify', path, '--keys', keys)).failure).toContain(path)
    expect((await run('verify', wrapped, '--keys', path)).failure).toContain(path)
  })

  it.each<[what: string, content: object]>([
    ['no keys', { keys: [] }],
    ['nothing', { keys: [null] }],
    ['things', { keys: [7, 'x', {}] }],
    ['words', { keys: [{ publicKey: 'no key' }] }],
    ['bytes', { keys: [{ publicKey: '-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n' }] }],
    ['a key for something else', { keys: [{ publicKey: rsaKey() }] }],
    ['no list', { keys: 'all' }],
  ])('has a reason where the keys are %s', async (_what, content) => {
    const path = await saved('keys', content)
    const outcome = await run('verify', wrapped, '--keys', path)
    expect(outcome.failure).toContain(path)
    expect(outcome.text).toBe('')
  })

  it('says what is missing: a file, or the keys', async () => {
    const missing = await program('verify', `${wrapped}.not`, '--keys', keys)
    expectReason(missing)
    expect(missing.complained).toContain(`${wrapped}.not`)
    expectReason(await program('verify', wrapped, '--keys', `${keys}.not`))
    const without = await program('verify', wrapped)
    expectReason(without, 2)
    expect(without.complained).toContain('--keys')
  })
})

describe('ngshare receipt rotate-key', () => {
  it('makes a running server sign with another key, and leaves what the old one signed good', async () => {
    const { service, saved, receipt, wrapped } = await aReceipt()
    const { code, said } = await program('rotate-key', '--json', ...placesOf(service))
    expect(code).toBe(0)
    const newKey = JSON.parse(said).key as string
    const { json } = await service.as('marie').get('receipt/math/ex1/marie')
    const anew = json.receipt as Receipt
    expect(anew).toEqual({ ...receipt, key: newKey, signature: anew.signature })
    const keys = await saved('keys.json', (await service.as('marie').get('receipt-keys')).text)
    for (const path of [wrapped, await saved('anew.json', anew)]) {
      expect((await run('verify', path, '--keys', keys)).failure).toBeNull()
    }
    const changed = await saved('changed.json', { ...receipt, student: 'pierre' })
    expect((await run('verify', changed, '--keys', keys)).failure).toMatch(/\S/)
  })

  it('does not make a receipt of the new key good for those who have the old keys only', async () => {
    const { service, saved, keys } = await aReceipt()
    await run('rotate-key', ...placesOf(service))
    const path = await saved('anew.json', (await service.as('marie').get('receipt/math/ex1/marie')).text)
    expect((await run('verify', path, '--keys', keys)).failure).toMatch(/\S/)
  })

  it('is on record, as done by whoever has the command line', async () => {
    const { service } = await aReceipt()
    await run('rotate-key', ...placesOf(service))
    const database = new Sqlite(service.database, { readonly: true })
    const newest = 'select action, actor_kind, address from events order by id desc limit 1'
    expect(database.prepare(newest).get()).toEqual({
      action: 'rotate-key',
      actor_kind: 'service',
      address: null,
    })
    database.close()
  })
})

describe('ngshare receipt keys', () => {
  it('shows public keys, which are retired, and no private one', async () => {
    const { service, receipt } = await aReceipt()
    await run('rotate-key', ...placesOf(service))
    const asText = await program('keys', ...placesOf(service))
    expect(asText.said).toMatch(new RegExp(`^${receipt.key} \\(retired\\)$`, 'm'))
    expect(asText.said.match(/BEGIN PUBLIC KEY/g)).toHaveLength(2)
    const { text, json } = await run('keys', '--json', ...placesOf(service))
    const keys = json.keys as { id: string; retiredAt: unknown }[]
    expect(keys.map(({ id, retiredAt }) => [id === receipt.key, retiredAt === null])).toEqual([
      [true, false],
      [false, true],
    ])
    expect(asText.said + text).not.toContain('PRIVATE')
  })

  it('are there from the first start on, before anybody needs one, and no start makes another', async () => {
    const folder = await aFolder()
    const keys: unknown[] = []
    for (let start = 1; start <= 3; start++) {
      const service = await aService({ folder })
      const { json, failure } = await run('keys', '--json', ...placesOf(service))
      expect(failure).toBeNull()
      keys.push(json.keys)
      await service.close()
    }
    expect(keys[0]).toMatchObject([{ retiredAt: null }])
    expect(keys).toEqual([keys[0], keys[0], keys[0]])
  })
})

function nextDigit(timestamp: string): string {
  return timestamp.slice(0, -1) + ((Number(timestamp.at(-1)) + 1) % 10)
}

function rsaKey() {
  const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 1024 })
  return publicKey.export({ type: 'spki', format: 'pem' })
}
