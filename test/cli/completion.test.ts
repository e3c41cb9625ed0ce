/** Words that a shell completes: the real program in real shells. */
import { spawnSync } from 'node:child_process'
import { mkdir, symlink, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { describe, expect, it, type TestContext } from 'vitest'
import { need } from '../faults/needs.ts'
import { aFreePort } from '../support/ports.ts'
import { aService } from '../support/service.ts'
import { file } from '../support/trees.ts'
import { program, run, type Terminal, terminalOf } from './terminal.ts'

async function aSchool() {
  const service = await aService()
  await service.aCourse('math', { instructors: ['kevin'], assignments: { ps1: [file('a', 'a')] } })
  await service.aCourse('größe & co', { instructors: ['kevin'], assignments: { essay: [file('a', 'a')] } })
  await service.aCourse('history', { instructors: ['ann'] })
  return terminalOf(service, 'kevin')
}

/** What bash offers for the line, whose last word is the one that is typed. */
async function bashOffers({ folder, environment }: Terminal, ...words: string[]): Promise<string[]> {
  const array = words.map(word => `'${word.replaceAll("'", "'\\''")}'`).join(' ')
  const script = [
    'source <(ngshare completion bash)',
    `COMP_WORDS=(ngshare ${array}) COMP_CWORD=${words.length}`,
    'complete -p ngshare >/dev/null || exit 3',
    '_ngshare',
    `printf '%s\\n' "\${COMPREPLY[@]}"`,
  ].join('\n')
  const { out, err, status } = await inShell(['bash', '--norc', '-c', script], { folder, environment })
  expect({ err, status }).toEqual({ err: '', status: 0 })
  return out.split('\n').filter(line => line !== '')
}

/** With `ngshare` in the path. */
async function inShell(
  command: string[],
  { folder, environment }: Pick<Terminal, 'folder' | 'environment'>,
): ReturnType<typeof run> {
  const bin = join(folder, 'bin')
  await mkdir(bin, { recursive: true })
  await symlink(program, join(bin, 'ngshare')).catch(() => undefined)
  const PATH = `${bin}:${dirname(process.execPath)}:${environment.PATH}`
  return run(command, { folder, environment: { ...environment, PATH } })
}

describe('bash completes', () => {
  it('commands, and commands of commands', async () => {
    const kevin = await aSchool()
    expect(await bashOffers(kevin, 'ro')).toEqual(['roster'])
    expect(await bashOffers(kevin, 'roster', 'ex')).toEqual(['export'])
    expect(await bashOffers(kevin, '')).toEqual(
      expect.arrayContaining(['course', 'login', 'backup', 'vserver']),
    )
    expect(await bashOffers(kevin, 'comp')).toEqual(['completion']) // and not what only it itself uses
  })

  it('options, and values of which there are few', async () => {
    const kevin = await aSchool()
    expect(await bashOffers(kevin, 'roster', 'list', '--ro')).toEqual(['--role'])
    expect(await bashOffers(kevin, 'roster', 'list', '--role', '')).toEqual(['student', 'instructor'])
    expect(await bashOffers(kevin, 'roster', 'list', '--role', '=', 'st')).toEqual(['student'])
    expect(await bashOffers(kevin, '--vng')).toEqual(['--vngshare'])
    expect(await bashOffers(kevin, 'completion', '')).toEqual(['bash', 'zsh', 'fish'])
  })

  it('the real names of courses, those that need quotes, too', async () => {
    const kevin = await aSchool()
    expect(await bashOffers(kevin, 'course', 'show', '')).toEqual(['größe\\ \\&\\ co', 'math'])
    expect(await bashOffers(kevin, 'course', 'show', 'm')).toEqual(['math'])
    expect(await bashOffers(kevin, 'course', 'show', 'größe\\ ')).toEqual(['größe\\ \\&\\ co'])
  })

  it('the real names of the people of a course', async () => {
    const kevin = await aSchool()
    await kevin.ngshare(['roster', 'add', 'math', 'marie', 'pierre'])
    expect(await bashOffers(kevin, 'roster', 'remove', 'math', '')).toEqual(['kevin', 'marie', 'pierre'])
    expect(await bashOffers(kevin, 'roster', 'remove', 'math', 'pierre', 'm')).toEqual(['marie'])
  })

  it('files, where a file is wanted', async () => {
    const kevin = await aSchool()
    await writeFile(join(kevin.folder, 'roster of 2026.csv'), '')
    expect(await bashOffers(kevin, 'roster', 'import', 'math', 'ros')).toEqual(['roster of 2026.csv'])
    expect(await bashOffers(kevin, 'course', 'list', '--token-file', 'ros')).toEqual(['roster of 2026.csv'])
  })

  it('nothing, and says nothing, where the server cannot be asked', async () => {
    const nobody = await terminalOf({ port: await aFreePort(), prefix: '/' }, 'kevin')
    expect(await bashOffers(nobody, 'course', 'show', '')).toEqual([])
  })
})

describe('zsh and fish', () => {
  const wanting = (shell: string) => (context: TestContext) => {
    const isThere = spawnSync(shell, ['--version']).status === 0
    need(context, isThere ? null : `${shell} is not installed`, { requiredInCi: false })
  }

  it('complete as well, in fish', async context => {
    wanting('fish')(context)
    const kevin = await aSchool()
    const script =
      "ngshare completion fish | source; complete -C 'ngshare course sh'; complete -C 'ngshare course show m'"
    const { out, err } = await inShell(['fish', '--no-config', '-c', script], kevin)
    expect({ out: out.split('\n'), err }).toEqual({
      out: [expect.stringMatching(/^show\tShow who teaches/), 'math\tinstructor'],
      err: '',
    })
  })

  it('complete as well, in zsh', async context => {
    wanting('zsh')(context)
    const kevin = await aSchool()
    // What would be shown is collected: completion itself runs only where somebody types.
    const script = [
      'compdef() { : }; _describe() { print -l -- $candidates }',
      'source <(ngshare completion zsh)',
      'words=(ngshare course show m) CURRENT=4; _ngshare',
      'words=(ngshare course sh) CURRENT=3; _ngshare',
    ].join('\n')
    const { out, err } = await inShell(['zsh', '-f', '-c', script], kevin)
    expect({ out: out.split('\n'), err }).toEqual({
      out: ['math:instructor', expect.stringMatching(/^show:Show who teaches/)],
      err: '',
    })
  })
})
