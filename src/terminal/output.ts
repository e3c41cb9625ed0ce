/** How commands talk: results on standard output, notes on the way on standard error. */
import { once } from 'node:events'

export interface Output {
  /** Results, on standard output. */
  print(text: string): void
  /** One part of a result that may be longer than memory; resolves when there is room for the next. */
  printMuch(text: string): Promise<void>
  /** Notes on the way, on standard error; `progress` only where a person watches. */
  note(text: string): void
  progress(text: string): void
}

export const terminal: Output = {
  print(text) {
    terminal.progress('')
    process.stdout.write(`${text}\n`)
  },
  async printMuch(text) {
    if (!process.stdout.write(`${text}\n`)) await once(process.stdout, 'drain')
  },
  note(text) {
    terminal.progress('')
    process.stderr.write(`${text}\n`)
  },
  progress(text) {
    if (process.stderr.isTTY) process.stderr.write(`\r\u001b[K${text}`)
  },
}

/** Prints a result: as JSON, or for people. */
export function report(io: Output, options: { json: boolean }, result: object, text: () => string): void {
  io.print(options.json ? JSON.stringify(result, null, 2) : text())
}
