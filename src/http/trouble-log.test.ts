import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { Trouble } from '../domain/errors.ts'
import { createTroubleLog } from './trouble-log.ts'

describe('trouble beneath the server', () => {
  it('is told at first, and then once in ten seconds, with how many met it meanwhile', () => {
    const { tell, told, pass } = aLog()
    for (let time = 0; time < 1000; time++) tell(new Trouble('database', 'gone'))
    expect(told).toEqual([{ reason: 'gone' }])
    pass(10_001)
    for (let time = 0; time < 5; time++) tell(new Trouble('database', 'still gone'))
    expect(told.slice(1)).toEqual([{ reason: 'still gone', alike: 999 }])
  })

  it('of another kind is told at once, and what is about one file or is our own mistake each time', () => {
    const { tell, told } = aLog()
    tell(new Trouble('database', 'gone'))
    tell(new Trouble('storage', 'gone, too'))
    for (let time = 0; time < 2; time++) tell(new Trouble('blob-missing', 'file'))
    for (let time = 0; time < 2; time++) tell(new Error('a mistake'))
    expect(told).toHaveLength(6)
  })
})

function aLog() {
  vi.useFakeTimers({ toFake: ['performance'] })
  onTestFinished(() => {
    vi.useRealTimers()
  })
  const told: object[] = []
  const tellTrouble = createTroubleLog()
  const log = { error: (facts: object) => void told.push(facts) }
  return {
    told,
    tell: (error: unknown) => tellTrouble(log, error, 'words'),
    pass: (ms: number) => vi.advanceTimersByTime(ms),
  }
}
