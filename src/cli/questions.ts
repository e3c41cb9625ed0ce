/** Asks the person at the keyboard. */
import { createInterface } from 'node:readline/promises'
import { Writable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { CommandFailed, Interrupted } from '../terminal/failure.ts'

/** @throws CommandFailed where nobody can be asked, or the answer is no */
export async function confirm(question: string, { yes }: { yes: boolean }): Promise<void> {
  if (yes) return
  if (!process.stdin.isTTY) throw new CommandFailed('nothing was changed: say --yes to do it')
  const answer = await ask(`${question} [y/N] `, { hidden: false })
  if (!/^y(es)?$/i.test(answer.trim())) throw new CommandFailed('nothing was changed')
}

/** What is typed is not shown. Where nobody types, it is read from standard input. */
export async function askForSecret(question: string): Promise<string> {
  return process.stdin.isTTY ? ask(question, { hidden: true }) : text(process.stdin)
}

async function ask(question: string, { hidden }: { hidden: boolean }): Promise<string> {
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() })
  const output = hidden ? nowhere : process.stderr
  const asked = createInterface({ input: process.stdin, output, terminal: true, historySize: 0 })
  // From here on the terminal itself shows nothing of what is typed: now one may ask.
  if (hidden) process.stderr.write(question)
  const ended = new AbortController()
  const interrupt = () => ended.abort(new Interrupted('stopped'))
  asked.once('SIGINT', interrupt)
  process.once('SIGINT', interrupt)
  asked.once('close', () => ended.abort(new CommandFailed('nothing was said')))
  try {
    return await asked.question(hidden ? '' : question, { signal: ended.signal })
  } catch (error) {
    throw ended.signal.aborted ? ended.signal.reason : error
  } finally {
    process.off('SIGINT', interrupt)
    asked.close()
    if (hidden || ended.signal.aborted) process.stderr.write('\n')
  }
}
