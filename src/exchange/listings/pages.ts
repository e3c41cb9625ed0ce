/** A list comes in pages: everything about each item, in a few queries. */

/** `after`: the key of the last item of the page before; without: from the first. */
export interface PageInput<Key extends string | number> {
  readonly after?: Key | undefined
  readonly limit: number
}

/** `next`: the key after which the following page begins; null: there is none. */
export interface Page<Item, Key extends string | number> {
  readonly items: readonly Item[]
  readonly next: Key | null
}

/** `rows`: one more than the page holds, where there are more. */
export function pageOf<Row, Key extends string | number>(
  rows: readonly Row[],
  limit: number,
  keyOf: (row: Row) => Key,
): Page<Row, Key> {
  const items = rows.slice(0, limit)
  const last = items.at(-1)
  return { items, next: rows.length > limit && last !== undefined ? keyOf(last) : null }
}
