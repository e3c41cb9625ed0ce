/** Streams whose first piece was looked at before they are sent. */

export async function* startingWith<Item>(
  first: IteratorResult<Item>,
  rest: AsyncGenerator<Item>,
): AsyncGenerator<Item> {
  if (!first.done) yield first.value
  yield* rest
}
