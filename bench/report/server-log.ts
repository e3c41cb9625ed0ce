// What the server wrote into its log: how often it said what, and whether anything in it is no log line at all.

import { readFileSync } from 'node:fs'

export type LogTally = { said: { level: string; message: string; times: number }[]; loose: string[] }

const LEVELS: { [level: number]: string } = { 40: 'warning', 50: 'error', 60: 'fatal' }

/** Warnings and worse. `loose`: what is not JSON, such as the last words of a process that crashed. */
export function tallyLog(file: string): LogTally {
  return tallyLogs([file])
}

export function tallyLogs(files: readonly string[]): LogTally {
  const counts = new Map<string, LogTally['said'][number]>()
  const loose: string[] = []
  for (const line of files.flatMap(file => readFileSync(file, 'utf8').split('\n'))) {
    const entry = parse(line)
    if (entry === null && line !== '') loose.push(line)
    const level = LEVELS[entry?.level ?? 0]
    if (entry === null || level === undefined) continue
    const message = [entry.msg, entry.err?.message].filter(text => text !== undefined).join(': ')
    const known = counts.get(level + message) ?? { level, message, times: 0 }
    counts.set(level + message, { ...known, times: known.times + 1 })
  }
  return { said: [...counts.values()].sort((one, other) => other.times - one.times), loose }
}

function parse(line: string): { level?: number; msg?: string; err?: { message?: string } } | null {
  try {
    return JSON.parse(line)
  } catch {
    return null
  }
}
