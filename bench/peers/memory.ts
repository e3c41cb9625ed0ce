// The greatest resident memory of a process since it was last reset, as Linux keeps it.

import { readFile, writeFile } from 'node:fs/promises'

/** Makes the present memory the greatest so far. */
export async function resetPeakMemory(pid: number): Promise<void> {
  // proc(5): 5 resets the "high water mark" of the resident set.
  await writeFile(`/proc/${pid}/clear_refs`, '5').catch(ignoreOutsideLinux)
}

/** Null where the system does not tell. */
export async function readPeakMemoryMb(pid: number): Promise<number | null> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(ignoreOutsideLinux)
  const kib = /^VmHWM:\s+(\d+) kB/m.exec(status ?? '')?.[1]
  return kib === undefined ? null : (Number(kib) * 1024) / 1e6
}

function ignoreOutsideLinux(): null {
  return null
}
