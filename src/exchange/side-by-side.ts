/** Runs the work for every item, so many at a time. After the first failure nothing more is begun. */
export async function sideBySide<Item>(
  items: Iterable<Item>,
  options: { atOnce: number },
  work: (item: Item) => Promise<void>,
): Promise<void> {
  const iterator = items[Symbol.iterator]()
  let hasFailed = false
  const lane = async () => {
    for (let next = iterator.next(); !next.done && !hasFailed; next = iterator.next()) {
      try {
        await work(next.value)
      } catch (error) {
        hasFailed = true
        throw error
      }
    }
  }
  const lanes = await Promise.allSettled(Array.from({ length: options.atOnce }, lane))
  const failure = lanes.find(lane => lane.status === 'rejected')
  if (failure !== undefined) throw failure.reason
}

/** Waits for all, and only then throws the first failure: nothing goes on behind the back of whoever asked. */
export async function together(all: readonly (Promise<unknown> | null)[]): Promise<void> {
  const outcomes = await Promise.allSettled(all)
  const failure = outcomes.find(outcome => outcome.status === 'rejected')
  if (failure !== undefined) throw failure.reason
}
