/** Where the database is, as operators write it. */
import { expect, it } from 'vitest'
import { readCommandLine } from '../../src/config/command-line.ts'
import { checkSettings } from '../../src/config/config.ts'
import { databaseText, databaseWords } from '../../src/config/database-url.ts'
import { ConfigMistakes } from '../../src/config/mistakes.ts'

function databaseOf(url: string, environment: Record<string, string> = {}) {
  const args = ['--vngshare', ...(url === '' ? [] : [`--database=${url}`])]
  const commandLine = readCommandLine({ args, environment, version: '' })
  if (commandLine.kind !== 'run') throw new Error('it does not run')
  return checkSettings(commandLine.texts, commandLine.usage).database
}

it.each(['postgresql', 'postgres'])('%s: is PostgreSQL, and its password is shown nowhere', scheme => {
  const database = databaseOf(`${scheme}://ann:p%40ss@db.example.org:5433/class?sslmode=require`)
  expect(database).toMatchObject({ kind: 'postgresql', password: 'p@ss', poolSize: 10, upgrade: true })
  expect(databaseWords(database)).toBe(`${scheme}://ann@db.example.org:5433/class?sslmode=require`)
  expect(databaseText(database)).toBe(`${scheme}://ann:p%40ss@db.example.org:5433/class?sslmode=require`)
})

it.each([
  ['postgresql://db.example.org', 'the name of the database is missing'],
  ['postgresql://db/x?sslmode=prefer', 'sslmode to be one of'],
  ['postgresql://db/x?sslmode=verify-ca', 'sslrootcert beside sslmode=verify-ca'],
  ['postgresql://db/x?sslrootcert=/ca.pem', 'sslmode beside the certificates'],
  ['postgresql://db/x?statement_timeout=1', 'nothing but host, port,'],
  ['mysql://db/x', 'postgresql://user@host:port/database'],
])('%s is refused, with the reason', (url, reason) => {
  expect(() => databaseOf(url)).toThrow(ConfigMistakes)
  expect(() => databaseOf(url)).toThrow(reason)
})

it('a mistake does not show the password', () => {
  expect(() => databaseOf('postgresql://ann:geheim@db')).toThrow(/^(?!.*geheim)/)
})
