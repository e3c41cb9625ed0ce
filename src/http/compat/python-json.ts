/** JSON text as Python's `json.dumps` writes it, which is what clients of the old server have seen. */

/** A number that is a float in Python, where a whole one keeps its point: `2.0`. */
export class PythonFloat {
  readonly text: string

  constructor(value: number) {
    this.text = Number.isInteger(value) ? value.toFixed(1) : String(value)
  }
}

/** `", "` and `": "` between, everything beyond ASCII as `\u` and four digits. */
export function pythonJson(value: unknown): string {
  if (typeof value === 'string') return pythonString(value)
  if (Array.isArray(value)) return `[${value.map(pythonJson).join(', ')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  if (value instanceof PythonFloat) return value.text
  const members = Object.entries(value).map(([key, member]) => `${pythonString(key)}: ${pythonJson(member)}`)
  return `{${members.join(', ')}}`
}

const plain = /^[ !#-[\]-~]*$/

export function pythonString(text: string): string {
  if (plain.test(text)) return `"${text}"`
  return JSON.stringify(text).replace(
    /[\u007f-\uffff]/g,
    unit => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}
