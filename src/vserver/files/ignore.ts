/** The argument `ignore` of `copytree`: Python's `shutil.ignore_patterns(*json.loads(text))`. */
import { PythonError } from './python/errors.ts'
import { compilePattern } from './python/fnmatch.ts'

/** Makes a test of which names to leave out. @throws PythonError `TypeError` for patterns that are no texts */
export type Ignore = () => (name: string) => boolean

/** @throws PythonError */
export function readIgnore(text: string | undefined): Ignore {
  if (text === undefined) return () => () => false
  const patterns = patternsOf(parseJson(text), text)
  return () => {
    const tests = patterns.map(pattern => {
      if (typeof pattern === 'string') return compilePattern(pattern)
      const what = `expected str, bytes or os.PathLike object, not ${typeName(pattern)}`
      throw new PythonError('TypeError', what)
    })
    return name => tests.some(accepts => accepts(name))
  }
}

/** Python unpacks a text into its characters, and an object into its keys. */
function patternsOf(value: unknown, text: string): readonly unknown[] {
  if (Array.isArray(value)) return value
  if (typeof value === 'string') return [...value]
  if (typeof value === 'object' && value !== null) return Object.keys(value)
  const type = typeof value === 'number' && /[.eE]/.test(text) ? 'float' : typeName(value)
  const what = `shutil.ignore_patterns() argument after * must be an iterable, not ${type}`
  throw new PythonError('TypeError', what)
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new PythonError('json.decoder.JSONDecodeError', describe(text))
  }
}

/** In Python's words where no value begins at all; the finer points of its parser are not worth having. */
function describe(text: string): string {
  const at = text.search(/[^ \t\n\r]|$/)
  if (/["[{\-\d]/.test(text.charAt(at))) return 'ignore should be a JSON list'
  const before = text.slice(0, at).split('\n')
  const column = (before.at(-1)?.length ?? 0) + 1
  return `Expecting value: line ${before.length} column ${column} (char ${at})`
}

function typeName(value: unknown): string {
  if (value === null) return 'NoneType'
  if (typeof value === 'boolean') return 'bool'
  if (typeof value === 'number') return Number.isInteger(value) ? 'int' : 'float'
  return Array.isArray(value) ? 'list' : 'dict'
}
