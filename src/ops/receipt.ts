/** `ngshare receipt …`: checking receipts, and the keys that sign them. */
import { createPublicKey, type KeyObject } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { Command, Option } from 'commander'
import { isGenuine, keyId, type Receipt } from '../domain/receipt.ts'
import { listPublicKeys, rotateSigningKey } from '../exchange/receipts.ts'
import { CommandFailed } from '../terminal/failure.ts'
import { jsonOption } from '../terminal/options.ts'
import { report } from '../terminal/output.ts'
import { dataCommand, type Ops, operator, readingCommand } from './command.ts'

export function receiptCommand(ops: Ops): Command {
  return new Command('receipt')
    .description('Check receipts of submissions, and look after the keys that sign them.')
    .addCommand(verifyCommand(ops))
    .addCommand(keysCommand(ops))
    .addCommand(rotateCommand(ops))
}

function verifyCommand(ops: Ops): Command {
  return new Command('verify')
    .description('Check a receipt without the server: that a key of it signed exactly this.')
    .argument('<file>', 'the receipt, as the API gave it')
    .addOption(
      new Option(
        '--keys <FILE>',
        'public keys: what `receipt-keys` of the API, or `receipt keys --json`, says',
      ).makeOptionMandatory(),
    )
    .addOption(jsonOption())
    .action((file: string, options: { keys: string; json: boolean }) => {
      const receipt = receiptIn(readJson(file), file)
      const keys = publicKeysIn(readJson(options.keys), options.keys)
      const key = keys.find(candidate => keyId(candidate) === receipt.key)
      if (key === undefined)
        throw new CommandFailed(`no key of ${options.keys} is ${receipt.key}, which signed`)
      if (!isGenuine(receipt, key)) {
        throw new CommandFailed(`${file} is not genuine: its signature does not fit what it says`)
      }
      const { course, assignment, student, receivedAt, files } = receipt
      report(
        ops.io,
        options,
        { genuine: true, receipt },
        () =>
          `Genuine: ${student} submitted ${course}/${assignment} at ${receivedAt} UTC, ${files.length} files, digest ${receipt.digest}.`,
      )
    })
}

function keysCommand(ops: Ops): Command {
  const command = new Command('keys').description('Show the public keys, retired ones too.')
  return readingCommand(ops, command, async ({ exchange }, options) => {
    const keys = await listPublicKeys(exchange.db.read)
    report(ops.io, options, { keys }, () =>
      keys
        .map(({ id, publicKey, retiredAt }) => `${id}${retiredAt === null ? '' : ' (retired)'}\n${publicKey}`)
        .join('\n'),
    )
  })
}

function rotateCommand(ops: Ops): Command {
  const command = new Command('rotate-key').description(
    'Sign with a new key from now on. Old receipts stay good.',
  )
  return dataCommand(ops, command, async ({ exchange }, options) => {
    const id = await rotateSigningKey(exchange, operator)
    report(ops.io, options, { key: id }, () => `Receipts are now signed by ${id}.`)
  })
}

function readJson(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8'))
  } catch (error) {
    throw new CommandFailed(`cannot read ${file}: ${error instanceof Error ? error.message : error}`)
  }
}

/** Also as the API wraps it: `{"success": true, "receipt": …}`. Only what is signed is kept. */
function receiptIn(json: unknown, file: string): Receipt {
  const receipt = (json as { receipt?: unknown } | null)?.receipt ?? json
  if (!isReceipt(receipt)) throw new CommandFailed(`${file} is no receipt`)
  const { version, id, course, assignment, student, receivedAt, digest, key, signature } = receipt
  const files = receipt.files.map(({ path, sizeBytes, sha256, isExecutable }) => {
    return { path, sizeBytes, sha256, isExecutable }
  })
  return { version, id, course, assignment, student, receivedAt, files, digest, key, signature }
}

function isReceipt(candidate: unknown): candidate is Receipt {
  const receipt = (candidate ?? {}) as Record<string, unknown>
  const texts = ['id', 'course', 'assignment', 'student', 'receivedAt', 'digest', 'key', 'signature']
  return (
    receipt.version === 1 &&
    texts.every(name => typeof receipt[name] === 'string') &&
    Array.isArray(receipt.files) &&
    receipt.files.every(file => typeof file === 'object' && file !== null)
  )
}

function publicKeysIn(json: unknown, file: string): KeyObject[] {
  const { keys } = (json ?? {}) as { keys?: unknown }
  if (!Array.isArray(keys)) throw new CommandFailed(`${file} has no keys in it`)
  return keys.flatMap(key => {
    const { publicKey } = (key ?? {}) as { publicKey?: unknown }
    if (typeof publicKey !== 'string') return []
    try {
      return [createPublicKey(publicKey)]
    } catch (error) {
      throw new CommandFailed(`${file} has a key that cannot be read: ${publicKey}`, { cause: error })
    }
  })
}
