/** Works through a list, a few items at a time; the first failure ends it, when what is under way has ended. */
export async function sideBySide<Item>(
  items: readonly Item[],
  work: (item: Item) => Promise<void>,
  { atATime = 4 }: { atATime?: number } = {},
): Promise<void> {
  const queue = items.values()
  let hasFailed = false
  const outcomes = await Promise.allSettled(
    Array.from({ length: Math.min(atATime, items.length) }, async () => {
      try {
        for (const item of queue) {
          if (hasFailed) return
          await work(item)
        }
      } catch (error) {
        hasFailed = true
        throw error
      }
    }),
  )
  const failed = outcomes.find(outcome => outcome.status === 'rejected')
  if (failed !== undefined) throw failed.reason
}
