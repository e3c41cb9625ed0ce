/** What the program says of itself: one program, one help. */
import { describe, expect, it } from 'vitest'
import { commandTree } from '../../src/commands.ts'
import { serverCommandNames } from '../../src/config/command-names.ts'
import { aTerminal } from './terminal.ts'

describe('ngshare --help', () => {
  it('names every option of the server and every command, in two groups', async () => {
    const { ngshare } = await aTerminal()
    const { out, status } = await ngshare(['--help'])
    expect(status).toBe(0)
    expect(out).toMatch(/^Usage: ngshare \[options\]\n {7}ngshare <command> \[arguments\]\n/)
    const [, options = '', overHttp = '', onData = ''] = out.split(/\n(?:Options|Commands .*):\n/)
    const namesIn = (part: string) => [...part.matchAll(/^ {2}(\w+)/gm)].map(match => match[1])
    expect(options).toContain('--vngshare')
    expect(options).toContain('--database <URL>')
    expect(namesIn(overHttp)).toEqual([...serverCommandNames])
    expect(namesIn(onData)).toEqual(expect.arrayContaining(['backup', 'doctor', 'verify', 'vserver']))
  })

  it.each([
    [['help'], 'Usage: ngshare [options]'],
    [['help', 'roster', 'import'], 'Usage: ngshare roster import [options] <course> <file>'],
    [['roster', 'import', '--help'], 'Usage: ngshare roster import [options] <course> <file>'],
    [['help', 'backup'], 'Usage: ngshare backup'],
    [['help', 'vserver'], 'Usage: ngshare vserver'],
  ])('is also what %j shows of its command', async (args, usage) => {
    const { ngshare } = await aTerminal()
    const { out, status } = await ngshare(args)
    expect({ status, out }).toEqual({ status: 0, out: expect.stringContaining(usage) })
  })
})

describe('the help of a command', () => {
  it('tells defaults, but not that what is not said is off', async () => {
    const { ngshare } = await aTerminal()
    const { out } = await ngshare(['backup', '--help'])
    expect(out).toContain('(default: "/srv/ngshare/files/"')
    expect((await ngshare(['roster', 'import', '--help'])).out).not.toContain('default')
  })
})

describe('a command that is not there', () => {
  it('ends with status 2, and the one that may be meant', async () => {
    const { ngshare } = await aTerminal()
    expect(await ngshare(['rooster'])).toMatchObject({
      status: 2,
      err: "error: unknown command 'rooster'\n(Did you mean roster?)",
    })
    expect(await ngshare(['bakcup'])).toMatchObject({ status: 2, err: expect.stringContaining('backup?') })
  })
})

describe('every command', () => {
  const program = commandTree(null)
  const all = [program, ...program.commands].flatMap(command => [command, ...command.commands])

  it('says in a sentence what it does', () => {
    const silent = all.filter(command => command.name() !== 'complete' && !/\.$/.test(command.description()))
    expect(silent.map(command => command.name())).toEqual([])
  })

  it('takes no token as an argument', () => {
    const flags = program.commands
      .filter(command => serverCommandNames.some(name => name === command.name()))
      .flatMap(command => [command, ...command.commands])
      .flatMap(command => command.options.map(option => option.flags))
    expect(flags).toContain('--token-file <FILE>')
    expect(flags.filter(flag => /token/.test(flag) && flag !== '--token-file <FILE>')).toEqual([])
  })
})
