// Reads options that more than one of the measuring programs has.

import { SHAPES, type Shape } from './peers/place.ts'

export function wholeNumber(option: string, text: string | undefined, fallback: number): number {
  const value = text === undefined ? fallback : Number(text)
  if (!Number.isInteger(value) || value < 1)
    throw new Error(`${option} ${text}: expected a whole number from 1`)
  return value
}

/** Null: leave it to the server. */
export function workersIn(text: string | undefined): number | null {
  return text === undefined ? null : wholeNumber('--workers', text, 1)
}

export function shapeIn(text: string): Shape {
  const shape = SHAPES.find(known => known === text)
  if (shape === undefined) throw new Error(`--shape ${text}: expected ${SHAPES.join(' or ')}`)
  return shape
}
