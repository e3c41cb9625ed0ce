/** Python's `fnmatch`, case-sensitive as on Linux. */

type Token = { type: 'star' } | { type: 'one'; accepts: (code: number) => boolean }

/** A test for names. Takes time in proportion to both lengths at most, whatever the pattern. */
export function compilePattern(pattern: string): (name: string) => boolean {
  const tokens = tokensOf(codePoints(pattern))
  const needed = tokens.filter(({ type }) => type === 'one').length
  return name => {
    const codes = codePoints(name)
    return codes.length >= needed && matches(tokens, codes)
  }
}

/** `glob.has_magic` */
export function hasMagic(path: string): boolean {
  return /[*?[]/.test(path)
}

/** When a token fails, the last star takes one more character: earlier stars need not be tried again. */
function matches(tokens: readonly Token[], codes: readonly number[]): boolean {
  let token = 0
  let at = 0
  let star = -1
  let starEnd = 0
  while (at < codes.length) {
    const current = tokens[token]
    if (current?.type === 'star') {
      star = token++
      starEnd = at
    } else if (current?.accepts(codes[at] as number)) {
      token++
      at++
    } else if (star >= 0) {
      token = star + 1
      at = ++starEnd
    } else return false
  }
  while (tokens[token]?.type === 'star') token++
  return token === tokens.length
}

function tokensOf(pattern: readonly number[]): Token[] {
  const tokens: Token[] = []
  for (let i = 0; i < pattern.length; i++) {
    const code = pattern[i] as number
    if (code === char('*')) {
      if (tokens.at(-1)?.type !== 'star') tokens.push({ type: 'star' })
    } else if (code === char('?')) {
      tokens.push({ type: 'one', accepts: () => true })
    } else {
      const end = code === char('[') ? endOfSet(pattern, i + 1) : -1
      const accepts = end < 0 ? (other: number) => other === code : readSet(pattern.slice(i + 1, end))
      tokens.push({ type: 'one', accepts })
      if (end >= 0) i = end
    }
  }
  return tokens
}

/** A bracket that closes at once is a member. Negative: the set never ends, and its bracket means itself. */
function endOfSet(pattern: readonly number[], from: number): number {
  let i = from
  if (pattern[i] === char('!')) i++
  if (pattern[i] === char(']')) i++
  return pattern.indexOf(char(']'), i)
}

/** What stands between the brackets, read as `fnmatch.translate` reads it. */
function readSet(set: readonly number[]): (code: number) => boolean {
  const chunks = splitRanges(set)
  const isNegated = chunks[0]?.[0] === char('!')
  if (isNegated) chunks[0]?.shift()
  const ranges: [first: number, last: number][] = []
  for (const [i, chunk] of chunks.entries()) {
    for (const code of chunk) ranges.push([code, code])
    const next = chunks[i + 1]
    if (next) ranges.push([chunk.at(-1) as number, next[0] as number])
  }
  return code => ranges.some(([first, last]) => first <= code && code <= last) !== isNegated
}

/** Splits at the hyphens that make a range, and drops ranges that are empty. */
function splitRanges(set: readonly number[]): number[][] {
  const chunks: number[][] = []
  let start = 0
  let hyphen = set.indexOf(char('-'), set[0] === char('!') ? 2 : 1)
  while (hyphen >= 0) {
    chunks.push(set.slice(start, hyphen))
    start = hyphen + 1
    hyphen = set.indexOf(char('-'), hyphen + 3)
  }
  if (start < set.length || chunks.length === 0) chunks.push(set.slice(start))
  else chunks.at(-1)?.push(char('-'))
  for (let k = chunks.length - 1; k > 0; k--) {
    const before = chunks[k - 1] as number[]
    const after = chunks[k] as number[]
    if ((before.at(-1) as number) <= (after[0] as number)) continue
    chunks.splice(k - 1, 2, [...before.slice(0, -1), ...after.slice(1)])
  }
  return chunks
}

function codePoints(text: string): number[] {
  return Array.from(text, character => character.codePointAt(0) as number)
}

function char(character: string): number {
  return character.charCodeAt(0)
}
