/** Tables for people. */
import stringWidth from 'string-width'

/** How wide the terminal is; without bounds where the result goes elsewhere. */
export function terminalWidth(): number {
  return process.stdout.isTTY ? process.stdout.columns || 80 : Number.POSITIVE_INFINITY
}

/**
 * Lines up cells: the columns numbered in `left` to the left, the others, figures, to the right. Columns that make lines
 * longer than `width` are cut; … stands for the rest. Nothing in a cell can break the line or command the terminal.
 */
export function columns(
  rows: readonly (readonly string[])[],
  { left = [0], width = terminalWidth() }: { left?: readonly number[]; width?: number } = {},
): string {
  const cells = rows.map(row => row.map(printable))
  const widths = (cells[0] ?? []).map((_, column) =>
    Math.max(...cells.map(row => stringWidth(row[column] ?? ''))),
  )
  narrow(widths, width)
  const pad = (cell: string, column: number) => {
    const text = cut(cell, widths[column] ?? 0)
    const space = ' '.repeat((widths[column] ?? 0) - stringWidth(text))
    return left.includes(column) ? text + space : space + text
  }
  return cells.map(row => row.map(pad).join(gap).trimEnd()).join('\n')
}

const gap = '  '
const leastWidth = 8

/** Takes from the widest column until all fit. */
function narrow(widths: number[], width: number): void {
  const excess = () => widths.reduce((sum, each) => sum + each, gap.length * (widths.length - 1)) - width
  while (excess() > 0) {
    const widest = Math.max(...widths)
    if (widest <= leastWidth) return
    widths[widths.indexOf(widest)] = widest - 1
  }
}

function cut(text: string, width: number): string {
  if (stringWidth(text) <= width) return text
  let [kept, keptWidth] = ['', 0]
  for (const { segment } of new Intl.Segmenter().segment(text)) {
    keptWidth += stringWidth(segment)
    if (keptWidth > width - 1) break
    kept += segment
  }
  return `${kept}…`
}

/** Texts that others wrote, with � for control characters, ends of lines and changes of direction. */
export function printable(text: string): string {
  return text.replace(/[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu, '\ufffd')
}
