/** The real nbgrader commands with the real plugin: their requests go to one replica and the other in turn. */
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, it, onTestFinished } from 'vitest'
import { World } from './world.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))

it('the whole cycle of a class works against two replicas as against one server', async () => {
  const world = await World.open(2)
  onTestFinished(() => world.close())
  world.showLogsOnFailure()
  const url = world.home.href.replace(/\/$/, '')
  const { code, said } = await cycle('--url', url)
  console.info(said.split('\n').slice(-4).join('\n'))
  if (code !== 0) console.error(said)
  expect(said).toMatch(/[1-9]\d* passed, 0 failed\s*$/)
  expect(code).toBe(0)
  for (const { log } of world.replicas) expect(log).toBe('')
}, 900_000)

function cycle(...args: string[]): Promise<{ code: number | null; said: string }> {
  const python = `${root}/.venv/nbgrader/bin/python`
  return new Promise(resolve => {
    const options = { maxBuffer: 1024 ** 2 * 64 }
    const running = execFile(
      python,
      [`${root}/test/clients/cycle.py`, ...args],
      options,
      (_, said, complained) => {
        resolve({ code: running.exitCode, said: said + complained })
      },
    )
  })
}
