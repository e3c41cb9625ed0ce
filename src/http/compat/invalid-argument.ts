/** Arguments of v1 that are missing or of the wrong form; the old server's words. */

export class InvalidArgument extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'InvalidArgument'
  }
}

/** @throws InvalidArgument: `Please supply …` */
export function required(value: string | undefined, what: string): string {
  if (value === undefined) throw new InvalidArgument(`Please supply ${what}`)
  return value
}

/** @throws InvalidArgument: `… cannot be JSON decoded` */
export function parseJson(text: string, what: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new InvalidArgument(`${what} cannot be JSON decoded`)
  }
}

export function incorrectFormat(): InvalidArgument {
  return new InvalidArgument('Incorrect request format')
}

/** Booleans of v1 are true by this one word. */
export function isTrue(value: string | undefined): boolean {
  return value === 'true'
}

/** A string of whole characters: JSON can spell halves of surrogate pairs, which nothing could store. */
export function isText(value: unknown): value is string {
  return typeof value === 'string' && value.isWellFormed()
}
