// What a download must look like, byte for byte, held against it as it comes.

import type { Pool } from './pool.ts'
import { digestsOf, inAnswer, type Work } from './work.ts'

/** Of a release; or of feedback and submissions, which also tell their moment. `md5`: of the files, where it is known. */
export function expectedDownload(
  work: Work,
  pool: Pool,
  timestamp?: string,
  md5 = digestsOf(work, pool).md5,
): Buffer[] {
  return [
    Buffer.from('{"success": true, "files": ['),
    ...inAnswer(work, pool, file => md5[file] ?? ''),
    Buffer.from(timestamp === undefined ? ']}' : `], "timestamp": "${timestamp}"}`),
  ]
}

export class Comparison {
  readonly #expected: readonly Buffer[]
  #piece = 0
  #at = 0
  #seen = 0
  #isSame = true

  constructor(expected: readonly Buffer[]) {
    this.#expected = expected
  }

  push(bytes: Buffer): void {
    for (let from = 0; from < bytes.length && this.#isSame; ) {
      const piece = this.#expected[this.#piece]
      if (piece === undefined) {
        this.#isSame = false
        return
      }
      const length = Math.min(piece.length - this.#at, bytes.length - from)
      this.#isSame = piece.compare(bytes, from, from + length, this.#at, this.#at + length) === 0
      from += length
      this.#advance(length)
    }
  }

  /** Null: all of it came, and nothing else. */
  findDifference(): string | null {
    if (!this.#isSame) return `differs near byte ${this.#seen}`
    return this.#piece === this.#expected.length ? null : `ends after ${this.#seen} bytes`
  }

  #advance(length: number): void {
    this.#seen += length
    this.#at += length
    while (this.#at === this.#expected[this.#piece]?.length) {
      this.#piece++
      this.#at = 0
    }
  }
}

export function differenceIn(body: Buffer, expected: readonly Buffer[]): string | null {
  const comparison = new Comparison(expected)
  comparison.push(body)
  return comparison.findDifference()
}
