/** Runs the work for every item, so many at a time; the first failure ends it. */
export async function sideBySide<Item>(
  items: Iterable<Item>,
  options: { atOnce: number },
  work: (item: Item) => Promise<void>,
): Promise<void> {
  const iterator = items[Symbol.iterator]()
  const lane = async () => {
    for (let next = iterator.next(); !next.done; next = iterator.next()) await work(next.value)
  }
  const lanes = await Promise.allSettled(Array.from({ length: options.atOnce }, lane))
  const failure = lanes.find(lane => lane.status === 'rejected')
  if (failure !== undefined) throw failure.reason
}
