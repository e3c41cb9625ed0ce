/** What answers of v1 look like to the letter: for `toMatchObject`. */

/** 200 with these fields in this order, in the spelling of the contract. */
export function success(fields: object = {}) {
  return { status: 200, text: contractJson({ success: true, ...fields }) }
}

export function failure(status: number, message: string) {
  return { status, text: contractJson({ success: false, message }) }
}

/** JSON as clients of the old server know it: blanks behind `,` and `:`, nothing beyond ASCII. */
export function contractJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(contractJson).join(', ')}]`
  if (typeof value === 'object' && value !== null) {
    const members = Object.entries(value).map(
      ([name, member]) => `${contractJson(name)}: ${contractJson(member)}`,
    )
    return `{${members.join(', ')}}`
  }
  return JSON.stringify(value).replace(
    /[^\0-~]/g,
    unit => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}

/** 26 characters, in UTC, without saying so. */
export const timestampForm = /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6}$/
