import { describe, expect, it } from 'vitest'
import { readRoster } from './roster-file.ts'

const read = (content: string | Uint8Array, options: { encoding?: string; ignoreUnknown?: boolean } = {}) =>
  readRoster(typeof content === 'string' ? Buffer.from(content) : content, {
    ignoreUnknown: false,
    ...options,
  })

const jose = { user: 'jose', firstName: 'José', lastName: 'Núñez' }

describe('a roster file', () => {
  it.each([
    ['commas', 'student_id,first_name,last_name\njose,José,Núñez\n'],
    ['line ends of Windows', 'student_id,first_name,last_name\r\njose,José,Núñez\r\n'],
    ['no end of the last line', 'student_id,first_name,last_name\njose,José,Núñez'],
    ['empty lines', '\nstudent_id,first_name,last_name\n\njose,José,Núñez\n,,\n\n'],
    ['a byte order mark', '\ufeffstudent_id,first_name,last_name\njose,José,Núñez\n'],
    ['spaces around', 'student_id , first_name, last_name\n jose , José ,Núñez \n'],
    ['columns in another order', 'last_name,student_id,first_name\nNúñez,jose,José\n'],
    ['names of columns as people write them', 'ID,First Name,LAST-NAME\njose,José,Núñez\n'],
    ['quotes', '"student_id","first_name","last_name"\n"jose","José","Núñez"\n'],
    ['empty columns at the end', 'student_id,first_name,last_name,,\njose,José,Núñez,,\n'],
  ])('may have %s', (_, content) => {
    expect(read(content)).toEqual({ entries: [jose], notes: [] })
  })

  it.each([
    ['semicolons', ';'],
    ['tabs', '\t'],
  ])('may have %s, which is told', (name, delimiter) => {
    const content = 'student_id,first_name,last_name\njose,José,Núñez\n'.replaceAll(',', delimiter)
    expect(read(content)).toEqual({ entries: [jose], notes: [`the fields are separated by ${name}`] })
  })

  it('may be in UTF-16, as spreadsheets write "Unicode text"', () => {
    const content = Buffer.from('\ufeffstudent_id\tfirst_name\tlast_name\njose\tJosé\tNúñez\n', 'utf16le')
    expect(read(content).entries).toEqual([jose])
  })

  it('in an older encoding is refused with the line and what to do, and read when that is named', () => {
    const content = Buffer.from('student_id,first_name,last_name\njose,José,Núñez\n', 'latin1')
    expect(() => read(content)).toThrow(
      'the file is not in utf-8 (line 2): save it as "CSV UTF-8", or name its encoding: --encoding windows-1252',
    )
    expect(read(content, { encoding: 'windows-1252' }).entries).toEqual([jose])
    expect(() => read(content, { encoding: 'klingon' })).toThrow("the encoding 'klingon' is not known")
  })

  it('may hold separators, quotes and line ends within quotes', () => {
    const { entries } = read('student_id,first_name\nann,"Ann, ""the\nfirst"""\n')
    expect(entries).toEqual([{ user: 'ann', firstName: 'Ann, "the\nfirst"' }])
  })

  it('may be the one that nbgrader imports: the column that ngshare has no place for is left out', () => {
    const { entries, notes } = read('id,last_name,email,lms_user_id\nann,Lee,a@example.org,17\n')
    expect(entries).toEqual([{ user: 'ann', lastName: 'Lee', email: 'a@example.org' }])
    expect(notes).toEqual(['left out: lms_user_id'])
  })

  it.each([
    ['nothing', '', 'the file is empty'],
    ['no header', 'ann,Ann,Lee\n', 'line 1: the first line must name the columns, student_id among them'],
    ['unknown columns', 'student_id,age\nann,7\n', "line 1: unknown columns: 'age' (known are student_id,"],
    [
      'a column twice',
      'student_id,id\nann,ann\n',
      'line 1: student_id: there are several columns of this name',
    ],
    ['a short row', 'student_id,email\nann,a@x\nbob\n', 'line 3: 1 field, but the first line has 2'],
    [
      'a long row',
      'student_id,email\nann,a,b\n',
      'line 2: 3 fields, but the first line has 2; a field with a separator',
    ],
    ['no id', 'student_id,email\n,a@x\n', 'line 2: student_id is empty'],
    ['a person twice', 'student_id\nann\nbob\nann\n', "line 4: 'ann' stands in line 2 already"],
    [
      'another role',
      'student_id,role\nann,boss\n',
      "line 2: the role 'boss' is neither student nor instructor",
    ],
    ['an open quote', 'student_id\nann\n"bob\n', 'a quote (") is opened here or before, and never closed'],
    ['a stray quote', 'student_id,email\nann,a"b\n', 'line 2: a quote (") in the middle of a field'],
  ])('with %s is refused, and says where', (_, content, message) => {
    expect(() => read(content)).toThrow(message)
  })

  it('is told all its mistakes at once, up to twenty', () => {
    expect(() => read('student_id,role\nann,boss\nbob\n')).toThrow(/^line 2: .*\nline 3: .*$/)
    const many = Array.from({ length: 50 }, (_, n) => `s${n},boss`).join('\n')
    expect(() => read(`student_id,role\n${many}\n`)).toThrow(/line 21: [^\n]*\n… and 30 more mistakes$/)
  })

  it('leaves unknown columns out when it is told to', () => {
    expect(read('student_id,age\nann,7\n', { ignoreUnknown: true })).toEqual({
      entries: [{ user: 'ann' }],
      notes: ['left out: age'],
    })
  })
})
