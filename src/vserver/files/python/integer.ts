/** Python's `int(text)`: blanks around, a sign, decimal digits of any script, single underscores between them. */

const blank = '[\\t-\\r\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]*'
const form = new RegExp(`^${blank}([+-]?)(\\p{Nd}+(?:_\\p{Nd}+)*)${blank}$`, 'u')

/** CPython refuses longer ones: reading them takes quadratic time. */
const maxDigits = 4300

/** Null for what `int` refuses with a ValueError. */
export function parseInteger(text: string): bigint | null {
  const [, sign, body = ''] = form.exec(text) ?? []
  if (sign === undefined) return null
  const digits = [...body.replaceAll('_', '')]
  if (digits.length > maxDigits) return null
  const value = BigInt(digits.map(digitValue).join(''))
  return sign === '-' ? -value : value
}

/** Unicode's decimal digits stand in unbroken rows of ten, from nought to nine. */
function digitValue(digit: string): number {
  const code = digit.codePointAt(0) ?? 0
  let first = code
  while (/\p{Nd}/u.test(String.fromCodePoint(first - 1))) first--
  return (code - first) % 10
}
