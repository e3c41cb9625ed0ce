/** `ngshare roster …`: the real program against a real server. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { aHub } from '../support/fake-hub.ts'
import { aHubService } from '../support/hub-service.ts'
import { aService } from '../support/service.ts'
import { aTerminal, terminalOf, urlOf } from './terminal.ts'

/** kevin teaches math, marie (with her details) and pierre take it. */
async function aClass(as = 'kevin') {
  const service = await aService()
  await service.aCourse('math', { instructors: ['kevin'], students: ['marie', 'pierre'] })
  const person = await terminalOf(service, as)
  const details = ['--first-name', 'Marie', '--last-name', 'Curie', '--email', 'marie@example.org']
  expect(await person.ngshare(['roster', 'add', 'math', 'marie', ...details])).toMatchObject({ status: 0 })
  return {
    ...person,
    service,
    /** Imports a file of that content. */
    async importing(content: string | Uint8Array, ...options: string[]) {
      await writeFile(join(person.folder, 'roster.csv'), content)
      return person.ngshare(['roster', 'import', 'math', 'roster.csv', ...options])
    },
    async roster() {
      const { json } = await person.ngshare(['roster', 'list', 'math', '--json'])
      const members = json.members as Record<string, string | null>[]
      return members.map(({ user, role, firstName, lastName, email }) =>
        [user, role, firstName, lastName, email].map(text => text || '-').join(' '),
      )
    },
  }
}

const atFirst = [
  'kevin instructor - - -',
  'marie student Marie Curie marie@example.org',
  'pierre student - - -',
]

describe('roster list', () => {
  it('is a table of the people of a course', async () => {
    const { ngshare } = await aClass()
    expect((await ngshare(['roster', 'list', 'math'])).out).toBe(
      [
        'user    role        name         e-mail',
        'kevin   instructor',
        'marie   student     Marie Curie  marie@example.org',
        'pierre  student',
      ].join('\n'),
    )
  })

  it('shows those of one role, when it is asked to', async () => {
    const { ngshare } = await aClass()
    const { out } = await ngshare(['roster', 'list', 'math', '--role', 'instructor'])
    expect(out).toBe('user   role        name  e-mail\nkevin  instructor')
    expect(await ngshare(['roster', 'list', 'math', '--role', 'tutor'])).toMatchObject({ status: 2 })
  })

  it('cannot be misused by a name to command the terminal', async () => {
    const { ngshare } = await aClass()
    await ngshare(['roster', 'add', 'math', 'pierre', '--first-name', '\u001b]0;owned\u0007'])
    expect((await ngshare(['roster', 'list', 'math'])).out).toContain('�]0;owned�')
  })
})

describe('roster add', () => {
  it('adds students, for an instructor', async () => {
    const { ngshare, roster } = await aClass()
    expect(await ngshare(['roster', 'add', 'math', 'ann', 'bob'])).toMatchObject({
      status: 0,
      out: 'ann (student) is added\nbob (student) is added',
    })
    expect(await roster()).toEqual([...atFirst, 'ann student - - -', 'bob student - - -'])
  })

  it('changes the details that are said, and no others', async () => {
    const { ngshare, roster } = await aClass()
    const told = await ngshare(['roster', 'add', 'math', 'marie', '--last-name', 'Skłodowska'])
    expect(told.out).toBe('marie (student) is changed')
    expect((await roster())[1]).toBe('marie student Marie Skłodowska marie@example.org')
  })

  it('appoints instructors, for an admin', async () => {
    const { ngshare, roster } = await aClass('root')
    expect(await ngshare(['roster', 'add', 'math', 'ann', '--role', 'instructor'])).toMatchObject({
      status: 0,
    })
    expect((await roster())[3]).toBe('ann instructor - - -')
  })

  it('does not make a student of an instructor because no role was said', async () => {
    const { ngshare, roster } = await aClass('root')
    expect((await ngshare(['roster', 'add', 'math', 'kevin', '--first-name', 'Kevin'])).status).toBe(0)
    expect((await roster())[0]).toBe('kevin instructor Kevin - -')
  })

  it('says who was refused, and fails', async () => {
    const { ngshare } = await aClass()
    expect(await ngshare(['roster', 'add', 'math', 'ann', '--role', 'instructor'])).toMatchObject({
      status: 1,
      out: 'ann: refused: only admins appoint instructors',
      err: '1 of 1 were refused',
    })
  })
})

describe('roster remove', () => {
  it('takes people off, who come back with what they had submitted', async () => {
    const { ngshare, roster } = await aClass()
    expect(await ngshare(['roster', 'remove', 'math', 'pierre'])).toMatchObject({
      status: 0,
      out: 'pierre is removed',
    })
    expect(await roster()).toEqual(atFirst.slice(0, 2))
  })

  it('says how far it came where somebody is not there', async () => {
    const { ngshare } = await aClass()
    expect(await ngshare(['roster', 'remove', 'math', 'pierre', 'nobody'])).toMatchObject({
      status: 1,
      out: '',
      err: 'removed until then: pierre\nThere is no such student in the course: `ngshare roster list` lists who is there',
    })
  })
})

describe('roster import', () => {
  const file =
    'student_id,first_name,last_name,email\nann,Ann,Lee,ann@example.org\nmarie,Maria,Curie,marie@example.org\n'

  it('shows what would change, and changes nothing, where nobody said yes', async () => {
    const { importing, roster } = await aClass()
    expect(await importing(file)).toMatchObject({
      status: 1,
      out: '',
      err: [
        'math: 1 would be added, 1 would be changed; 0 as they were',
        '+  ann    student Ann Lee <ann@example.org>',
        '~  marie  first name: "Marie" → "Maria"',
        'nothing was changed: say --yes to do it',
      ].join('\n'),
    })
    expect(await importing(file, '--dry-run')).toMatchObject({
      status: 0,
      out: expect.stringContaining('+  ann    student Ann Lee'),
      err: '',
    })
    expect(await roster()).toEqual(atFirst)
  })

  it('does it with --yes', async () => {
    const { importing, roster } = await aClass()
    expect(await importing(file, '--yes')).toMatchObject({
      status: 0,
      out: 'math: 1 added, 1 changed; 0 as they were',
    })
    expect(await roster()).toEqual([
      'kevin instructor - - -',
      'marie student Maria Curie marie@example.org',
      'pierre student - - -',
      'ann student Ann Lee ann@example.org',
    ])
  })

  it('changes nothing a second time', async () => {
    const { importing } = await aClass()
    await importing(file, '--yes')
    expect(await importing(file)).toMatchObject({
      status: 0,
      out: 'math: nothing changes; 2 as they were',
    })
  })

  it('tells scripts what became of everybody', async () => {
    const { importing } = await aClass()
    const { json } = await importing(file, '--yes', '--json', '--remove-missing')
    expect(json).toEqual({
      dryRun: false,
      members: [
        { user: 'ann', outcome: 'added' },
        { user: 'marie', outcome: 'changed' },
        { user: 'pierre', outcome: 'removed' },
      ],
    })
  })

  it('keeps what the file has no column for, and empties what it has an empty field for', async () => {
    const { importing, roster } = await aClass()
    expect((await importing('student_id,email\nmarie,\npierre,\n', '--yes')).out).toBe(
      'math: 1 changed; 1 as they were',
    )
    expect(await roster()).toEqual([
      'kevin instructor - - -',
      'marie student Marie Curie -',
      'pierre student - - -',
    ])
  })

  it('keeps the role where the file says none, even for an admin', async () => {
    const { importing, roster } = await aClass('root')
    expect((await importing('student_id,first_name\nkevin,Kevin\n', '--yes')).status).toBe(0)
    expect((await roster())[0]).toBe('kevin instructor Kevin - -')
  })

  it('appoints instructors by the column role, for an admin', async () => {
    const { importing, roster } = await aClass('root')
    expect((await importing('student_id,role\nann,Instructor\nbob,student\ncy,\n', '--yes')).status).toBe(0)
    expect((await roster()).slice(3)).toEqual([
      'ann instructor - - -',
      'bob student - - -',
      'cy student - - -',
    ])
  })

  it('changes nobody where some are refused, unless it is told to go on', async () => {
    const { importing, roster } = await aClass()
    const some = 'student_id,role\nann,instructor\nbob,student\n'
    const refused = await importing(some, '--yes')
    expect(refused.status).toBe(1)
    expect(refused.err.split('\n').slice(1)).toEqual([
      '!  ann  refused: only admins appoint instructors',
      '+  bob  student',
      '1 of 2 are refused, so nothing was changed: correct the file, or say --skip-refused',
    ])
    expect(await roster()).toEqual(atFirst)
    expect(await importing(some, '--yes', '--skip-refused')).toMatchObject({
      status: 0,
      out: 'math: 1 added; 0 as they were',
    })
    expect((await roster())[3]).toBe('bob student - - -')
  })

  it('takes off the students who are missing in the file when it is told to, and shows them first', async () => {
    const { importing, roster } = await aClass()
    const preview = await importing('student_id\nmarie\n', '--remove-missing', '--dry-run')
    expect(preview.out).toBe('math: 1 would be removed; 1 as they were\n-  pierre  student')
    expect((await importing('student_id\nmarie\n', '--remove-missing', '--yes')).out).toBe(
      'math: 1 removed; 1 as they were',
    )
    expect(await roster()).toEqual(atFirst.slice(0, 2)) // kevin, an instructor, is not missed
  })

  it('reads standard input', async () => {
    const { ngshare, roster } = await aClass()
    expect((await ngshare(['roster', 'import', 'math', '-', '--yes'], 'student_id\nann\n')).status).toBe(0)
    expect(await roster()).toHaveLength(4)
  })

  it('is refused to students', async () => {
    const { service } = await aClass()
    const marie = await terminalOf(service, 'marie')
    expect(
      await marie.ngshare(['roster', 'import', 'math', '-', '--yes'], 'student_id\nann\n'),
    ).toMatchObject({
      status: 1,
      err: expect.stringContaining('Only instructors of the course may do this'),
    })
  })

  it('takes thousands of people', async () => {
    const { importing, roster } = await aClass()
    const ids = Array.from({ length: 10_001 }, (_, n) => `student${n}`)
    expect((await importing(`student_id\n${ids.join('\n')}\n`, '--yes')).out).toBe(
      'math: 10001 added; 0 as they were',
    )
    expect(await roster()).toHaveLength(10_004)
  })
})

describe('roster export', () => {
  it('writes what import reads: a round trip changes nothing', async () => {
    const { ngshare } = await aClass()
    await ngshare(['roster', 'add', 'math', 'pierre', '--last-name', 'Curie, "P."', '--first-name', '学生'])
    const { out } = await ngshare(['roster', 'export', 'math'])
    expect(out).toBe(
      [
        'student_id,first_name,last_name,email,role',
        'kevin,,,,instructor',
        'marie,Marie,Curie,marie@example.org,student',
        'pierre,学生,"Curie, ""P.""",,student',
      ].join('\n'),
    )
    expect(await ngshare(['roster', 'import', 'math', '-'], out)).toMatchObject({
      status: 0,
      out: 'math: nothing changes; 3 as they were',
    })
  })

  it('writes what nbgrader imports, when it is asked to', async () => {
    const { ngshare } = await aClass()
    expect((await ngshare(['roster', 'export', 'math', '--for-nbgrader'])).out).toBe(
      'id,first_name,last_name,email\nmarie,Marie,Curie,marie@example.org\npierre,,,',
    )
  })
})

describe('whom a group of the hub brings', () => {
  it('is marked in the list, and stays when a file does not name them', async () => {
    const hub = await aHub()
    const service = await aHubService({ hub, args: ['--hub-groups', '--token-cache-seconds=0'] })
    await service.aCourse('physics', { instructors: ['ann'], students: ['bob'] })
    hub.join('eve', 'nbgrader-physics')
    await service.as('eve').get('courses')
    const { ngshare } = await aTerminal({
      NGSHARE_URL: urlOf(service),
      NGSHARE_TOKEN: hub.notebookToken('ann'),
    })
    expect((await ngshare(['roster', 'list', 'physics'])).out).toMatch(/^eve {3}student \(by the hub\)$/m)
    const told = await ngshare(
      ['roster', 'import', 'physics', '-', '--remove-missing', '--dry-run'],
      'student_id\n',
    )
    expect(told.out).toBe('physics: 1 would be removed; 0 as they were\n-  bob  student')
  })
})
