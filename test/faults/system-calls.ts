/** The system calls of a server, in the order in which they began and ended, from what strace wrote. */
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { eventually } from './eventually.ts'

export interface SystemCall {
  readonly name: string
  /** The descriptor that is the first argument, and the file that it stands for. */
  readonly descriptor: number | null
  readonly path: string | null
  /** The texts among the arguments: paths, or bytes, a character a byte. */
  readonly texts: readonly string[]
  /** All arguments, as strace prints them: texts in hex. */
  readonly args: string
  /** What it returned, or null if it never did. */
  readonly result: number | null
  /** Places in the order of all beginnings and ends; a call that never returned ends at infinity. */
  readonly begin: number
  readonly end: number
}

const traced = [
  ...['open', 'openat', 'write', 'pwrite64', 'writev', 'pwritev', 'pwritev2', 'sendto', 'sendmsg'],
  ...['fsync', 'fdatasync', 'rename', 'renameat', 'renameat2', 'unlink', 'unlinkat', 'mkdir', 'mkdirat'],
  ...['accept', 'accept4', 'ftruncate'],
]

/**
 * Runs a command under strace and becomes its process, so that signals reach the command itself. Texts are written
 * in hex up to a database page and a bit: nothing in them can be mistaken for the trace's own words.
 */
export function tracing(file: string): string[] {
  return ['strace', '-D', '-f', '-y', '-xx', '-s', '5000', '-o', file, '-e', `trace=${traced.join(',')}`]
}

/** Why calls cannot be traced here; null when they can. */
export function whyNoTracing(): string | null {
  if (process.platform !== 'linux') return 'system calls can be traced on Linux only'
  const trial = spawnSync('strace', ['-f', '-y', '-xx', '-e', 'trace=write', 'true'], { encoding: 'utf8' })
  if (trial.error !== undefined) return 'strace is not installed'
  return trial.status === 0 ? null : `strace may not trace here: ${trial.stderr.trim().split('\n').at(-1)}`
}

/** Reads the trace when the traced process has ended, and strace has written its last line. */
export async function readTrace(file: string, pid: number): Promise<SystemCall[]> {
  const end = new RegExp(`^${pid} +\\+\\+\\+ (exited|killed)`, 'm')
  await eventually('the trace is complete', () => existsSync(file) && end.test(readFileSync(file, 'latin1')))
  return parseTrace(readFileSync(file, 'latin1'))
}

/** A call that another thread's interrupted is on two lines: `name(args <unfinished ...>`, `<... name resumed>rest`. */
export function parseTrace(text: string): SystemCall[] {
  const calls: SystemCall[] = []
  const unfinished = new Map<string, { name: string; args: string; begin: number }>()
  for (const [place, line] of text.split('\n').entries()) {
    const [, pid = '', said = ''] = /^(\d+) +(.*)$/.exec(line) ?? []
    const resumed = /^<\.\.\. (\w+) resumed>(.*)$/.exec(said)
    const started = /^(\w+)\((.*)$/.exec(said)
    if (resumed !== null) {
      const first = unfinished.get(pid)
      unfinished.delete(pid)
      if (first !== undefined) calls.push(ended(first, first.args + resumed[2], place))
    } else if (started !== null) {
      const [, name = '', rest = ''] = started
      const interrupted = /^(.*?) *<unfinished \.\.\.>$/.exec(rest)
      if (interrupted !== null) unfinished.set(pid, { name, args: interrupted[1] ?? '', begin: place })
      else calls.push(ended({ name, begin: place }, rest, place))
    }
  }
  for (const call of unfinished.values()) calls.push(callOf(call, call.args, { place: 0, result: undefined }))
  return calls.sort((one, other) => one.begin - other.begin)
}

function ended(call: { name: string; begin: number }, text: string, place: number): SystemCall {
  const [, args = text, result] = /^(.*)\) += (-?\d+)(?:[< ].*)?$/.exec(text) ?? []
  return callOf(call, args, { place, result })
}

function callOf(
  { name, begin }: { name: string; begin: number },
  args: string,
  end: { place: number; result: string | undefined },
): SystemCall {
  const [, descriptor, path] = /^(\d+)(?:<([^>]*)>)?/.exec(args) ?? []
  return {
    name,
    args,
    descriptor: descriptor === undefined ? null : Number(descriptor),
    path: path === undefined ? null : decoded(path),
    texts: [...args.matchAll(/"([^"]*)"/g)].map(match => decoded(match[1] ?? '')),
    result: end.result === undefined ? null : Number(end.result),
    begin,
    end: end.result === undefined ? Number.POSITIVE_INFINITY : end.place,
  }
}

/** `\x2f` and so on, back to what was meant. */
function decoded(text: string): string {
  return text.replace(/\\x([0-9a-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
}
