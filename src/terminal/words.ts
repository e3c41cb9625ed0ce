/** Figures for people. */

const units = ['bytes', 'KB', 'MB', 'GB', 'TB'] as const

/** Decimal, as disks are sold and quotas are given. */
export function bytesInWords(bytes: number): string {
  let [value, unit] = [bytes, 0]
  for (; value >= 1000 && unit < units.length - 1; unit++) value /= 1000
  return `${unit === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`
}

/** `1 file`, `2 files`. */
export function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`
}
