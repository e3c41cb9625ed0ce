/** What a test needs of the machine: without it CI fails, and a laptop skips and says so. */
import type { TestContext } from 'vitest'

/** `lacks`: what is missing, in words; null when everything is there. */
export function need(context: TestContext, lacks: string | null, options = { requiredInCi: true }): void {
  if (lacks === null) return
  if (process.env.CI && options.requiredInCi)
    throw new Error(`CI must be able to run this test, but ${lacks}`)
  console.warn(`SKIPPED: ${context.task.name}: ${lacks}`)
  context.skip(lacks)
}
