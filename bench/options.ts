// Options that more than one of the measuring programs has: how ours is run.

import { SHAPES, type Shape } from './peers/place.ts'

export type Setting = {
  shape: Shape
  /** Processes of each replica. Null leaves it to the server. */
  workers: number | null
  replicas: number
}

export const SETTING_OPTIONS = {
  shape: { type: 'string', default: 'small' },
  workers: { type: 'string' },
  replicas: { type: 'string' },
} as const

export function settingIn(given: {
  shape: string
  workers?: string | undefined
  replicas?: string | undefined
}): Setting {
  const shape = SHAPES.find(known => known === given.shape)
  if (shape === undefined) throw new Error(`--shape ${given.shape}: expected ${SHAPES.join(' or ')}`)
  const replicas = wholeNumber('--replicas', given.replicas, 1)
  if (shape === 'small' && replicas > 1)
    throw new Error('--replicas: they share a database and a store, which needs --shape large')
  const workers = given.workers === undefined ? null : wholeNumber('--workers', given.workers, 1)
  return { shape, workers, replicas }
}

/** For the name of a file of results; nothing for what most runs are. */
export function settingSuffix({ shape, workers, replicas }: Setting): string {
  return [
    shape === 'small' ? '' : `-${shape}`,
    replicas === 1 ? '' : `-r${replicas}`,
    workers === null ? '' : `-w${workers}`,
  ].join('')
}

export function describeProcesses({ workers, replicas }: Omit<Setting, 'shape'>): string {
  const each = replicas === 1 ? 'one replica' : `${replicas} replicas`
  if (workers === null) return each
  return `${each} of ${workers === 1 ? 'one worker' : `${workers} workers`}`
}

export function wholeNumber(option: string, text: string | undefined, fallback: number): number {
  const value = text === undefined ? fallback : Number(text)
  if (!Number.isInteger(value) || value < 1)
    throw new Error(`${option} ${text}: expected a whole number from 1`)
  return value
}
