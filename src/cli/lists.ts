/** Lists as a whole. */

/** Everything that comes, in order. */
export function everything<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  return Array.fromAsync(items)
}

/** `2026-11-22 19:43`, of a moment on the wire; UTC, as everywhere in ngshare. */
export function minutes(moment: string): string {
  return moment.slice(0, 16).replace('T', ' ')
}
