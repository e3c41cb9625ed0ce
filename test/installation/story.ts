/** Named checks that run in order on one installation; after a failure nothing later can work, so it ends there. */

export interface Check {
  readonly sentence: string
  readonly run: () => Promise<void>
}

/** Prints a line for each, and the counts at the end. Returns whether all passed. */
export async function tell(title: string, checks: readonly Check[]): Promise<boolean> {
  console.log(title)
  let passed = 0
  for (const { sentence, run } of checks) {
    const startedAt = Date.now()
    try {
      await run()
    } catch (error) {
      console.log(`  FAILED  ${sentence}`)
      console.log(error)
      break
    }
    passed += 1
    console.log(`  ok      ${sentence} (${((Date.now() - startedAt) / 1000).toFixed(1)} s)`)
  }
  const failed = passed === checks.length ? 0 : 1
  const skipped = checks.slice(passed + failed)
  for (const { sentence } of skipped) console.log(`  not run ${sentence}`)
  console.log(`\n${passed} passed, ${checks.length - passed} failed`)
  return failed === 0
}
