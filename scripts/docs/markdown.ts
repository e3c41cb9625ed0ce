/** Markdown as the generated parts need it. */

/** Every row has as many cells as `head`. */
export function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [head, head.map(() => '---'), ...rows.map(row => row.map(escapeCell))]
  return lines.map(cells => `| ${cells.join(' | ')} |`).join('\n')
}

export function code(text: string): string {
  return `\`${text}\``
}

function escapeCell(text: string): string {
  return text.replaceAll('|', '\\|')
}

/** Puts `part` between `<!-- generated: name -->` and `<!-- end: name -->`, which must both be there once. */
export function replacePart(page: string, name: string, part: string): string {
  const [start, end] = [`<!-- generated: ${name} -->`, `<!-- end: ${name} -->`]
  const [before, rest, ...moreStarts] = page.split(start)
  const [old, after, ...moreEnds] = rest?.split(end) ?? []
  if (old === undefined || after === undefined || moreStarts.length + moreEnds.length > 0) {
    throw new Error(`expected "${start}" and "${end}" once each`)
  }
  return `${before}${start}\n\n${part}\n\n${end}${after}`
}
