/** Options that many commands have. */
import { InvalidArgumentError, Option } from 'commander'

export function jsonOption(): Option {
  return new Option('--json', 'print the result as JSON')
}

/** For options that are numbers. */
export function wholeNumber(text: string): number {
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError('expected a whole number')
  return Number(text)
}

/** For options that may be repeated. */
export function repeated(value: string, values: readonly string[] = []): string[] {
  return [...values, value]
}
