/** An assignment as an instructor writes it, and what students do with it. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Desk } from './desk.ts'

export const notebook = 'squares'
export const goodAnswer = 'def square(x):\n    return x ** 2'
/** Passes the test that students see, and fails the hidden one. */
export const poorAnswer = 'def square(x):\n    return 3 * x'

const table = 'x,y\n1,1\n2,4\n'

/** The second test opens a file of a folder: it gives its point only if that file made the whole journey. */
export function writeSource(
  desk: Desk,
  assignment: string,
  files: Readonly<Record<string, Buffer>> = {},
): void {
  const source = `course1/source/${assignment}`
  desk.write(`${source}/${notebook}.ipynb`, text(sourceNotebook()))
  desk.write(`${source}/data/table.csv`, table)
  for (const [path, content] of Object.entries(files)) desk.write(`${source}/${path}`, content)
}

export function writeAnswer(desk: Desk, assignment: string, answer: string): void {
  const path = `course1/${assignment}/${notebook}.ipynb`
  const content = JSON.parse(readFileSync(join(desk.home, path), 'utf8')) as Notebook
  for (const cell of content.cells) if (cell.metadata.nbgrader.grade_id === 'square') cell.source = answer
  desk.write(path, text(content))
}

interface Cell {
  readonly cell_type: 'markdown' | 'code'
  readonly id: string
  readonly metadata: { readonly nbgrader: { readonly grade_id: string; readonly [name: string]: unknown } }
  source: string
}

interface Notebook {
  readonly cells: Cell[]
}

function sourceNotebook(): Notebook {
  const cells = [
    markdown('intro', '# Squares\n\nWrite a function that squares a number.'),
    code('square', 'def square(x):\n    ### BEGIN SOLUTION\n    return x * x\n    ### END SOLUTION', {
      solution: true,
    }),
    code(
      'test_square',
      'assert square(3) == 9\n### BEGIN HIDDEN TESTS\nassert square(-4) == 16\n### END HIDDEN TESTS',
      { grade: true, locked: true, points: 2 },
    ),
    code('test_table', "with open('data/table.csv') as table:\n    assert table.readline() == 'x,y\\n'", {
      grade: true,
      locked: true,
      points: 1,
    }),
  ]
  const kernelspec = { display_name: 'Python 3', language: 'python', name: 'python3' }
  return { cells, metadata: { kernelspec }, nbformat: 4, nbformat_minor: 5 } as Notebook
}

function markdown(id: string, source: string): Cell {
  return { cell_type: 'markdown', id, metadata: metadata(id, { locked: true }), source }
}

function code(id: string, source: string, settings: Readonly<Record<string, unknown>>) {
  const nothing = { execution_count: null, outputs: [] }
  return { cell_type: 'code', id, metadata: metadata(id, settings), source, ...nothing } as Cell
}

function metadata(id: string, settings: Readonly<Record<string, unknown>>): Cell['metadata'] {
  const plain = { grade: false, solution: false, locked: false, task: false, schema_version: 3 }
  return { nbgrader: { ...plain, grade_id: id, ...settings } }
}

function text(content: Notebook): string {
  return JSON.stringify(content, null, 1)
}
