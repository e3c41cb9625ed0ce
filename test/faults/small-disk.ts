/** A disk of a few megabytes that can really be full: a file system in memory, mounted for one test. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export class SmallDisk {
  readonly folder = mkdtempSync(join(tmpdir(), 'ngshare-small-disk-'))
  readonly #filler = join(this.folder, 'filler')
  #isMounted = false

  /** Why such a disk cannot be had here; null when it is there. */
  mount(megabytes: number): string | null {
    if (process.platform !== 'linux') return 'a small disk can be mounted on Linux only'
    const done = run('mount', '-t', 'tmpfs', '-o', `size=${megabytes}m`, 'tmpfs', this.folder)
    this.#isMounted = done.status === 0
    if (this.#isMounted) process.once('exit', this.unmount) // whatever becomes of the test
    return this.#isMounted
      ? null
      : `mounting is not permitted here: ${done.error?.message ?? done.stderr.trim()}`
  }

  /** Leaves not one byte free. */
  fill(): void {
    const megabyte = 1024 * 1024
    const page = 4096
    for (const sizeBytes of [megabyte, page]) while (this.#grow(sizeBytes));
  }

  #grow(sizeBytes: number): boolean {
    try {
      writeFileSync(this.#filler, Buffer.alloc(sizeBytes), { flag: 'a' })
      return true
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOSPC') return false
      throw error
    }
  }

  free(): void {
    rmSync(this.#filler, { force: true })
  }

  /** Takes it away with all that is on it, even if somebody still looks at it. */
  readonly unmount = (): void => {
    process.off('exit', this.unmount)
    if (this.#isMounted && run('umount', this.folder).status !== 0) run('umount', '--lazy', this.folder)
    this.#isMounted = false
    rmdirSync(this.folder)
  }
}

function run(command: string, ...args: readonly string[]) {
  return spawnSync(command, args, { encoding: 'utf8' })
}
