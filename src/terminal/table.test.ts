import { describe, expect, it } from 'vitest'
import { columns, printable } from './table.ts'

describe('a table', () => {
  it('has texts to the left and figures to the right', () => {
    const rows = [
      ['course', 'students'],
      ['math', '7'],
      ['a longer name', '120'],
    ]
    expect(columns(rows)).toBe('course         students\nmath                  7\na longer name       120')
  })

  it('counts a wide character as two places, and a mark above a letter as none', () => {
    const rows = [
      ['学生', '|'],
      ['e\u0301a', '|'],
      ['👩‍🏫', '|'],
    ]
    expect(columns(rows, { left: [0, 1] })).toBe('学生  |\ne\u0301a    |\n👩‍🏫    |')
  })

  it('is no wider than the terminal: the widest columns are cut, never in the middle of a character', () => {
    const rows = [
      ['physics', 'a description that goes on'],
      ['x', '学生学生学生学生学生学生学生'],
    ]
    expect(columns(rows, { left: [0, 1], width: 20 })).toBe('physics  a descript…\nx        学生学生学…')
  })

  it('keeps a few letters of each column, however narrow the terminal', () => {
    expect(columns([['a long name', 'another name']], { left: [0, 1], width: 5 })).toBe('a long …  another…')
  })
})

describe('what others wrote', () => {
  it('cannot command the terminal, break the line or turn it around', () => {
    expect(printable('a\u001b[2Jb\nc\u202ed\u0007')).toBe('a�[2Jb�c�d�')
  })
})
