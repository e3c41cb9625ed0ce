/** The machine's clocks under a test's control. The service reads the real ones, and does not know. */
import { onTestFinished, vi } from 'vitest'

/** Until the test ends no time passes. */
export function stopTheClocks(at: string): void {
  vi.useFakeTimers({ toFake: ['Date', 'performance'], now: new Date(at) })
  onTestFinished(() => {
    vi.useRealTimers()
  })
}

const minuteMs = 60_000
const dayMs = 86_400_000

export function letMinutesPass(minutes: number): void {
  vi.setSystemTime(Date.now() + minutes * minuteMs)
}

export function letDaysPass(days: number): void {
  vi.setSystemTime(Date.now() + days * dayMs)
}
