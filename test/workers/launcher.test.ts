/** On a machine with an old Node the launcher starts the server on the Node of the project. */
import { spawn, spawnSync } from 'node:child_process'
import { resolve } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { eventually } from '../faults/eventually.ts'
import { need } from '../faults/needs.ts'
import { aWorld, placeOptions } from '../faults/world.ts'
import { isAlive, workersOf } from './processes.ts'

const program = resolve(import.meta.dirname, '../../bin/ngshare')
const installed = '/usr/bin/node'

test('a launcher that is killed takes its server along, with all workers', async context => {
  const { stdout } = spawnSync(installed, ['--version'], { encoding: 'utf8' })
  const isOld = /^v(1\d|20|21)\./.test(stdout ?? '')
  need(context, isOld ? null : `${installed} is no old Node`, { requiredInCi: false })
  const options = ['--vngshare', '--port', '0', '--workers', '2', ...placeOptions(aWorld())]
  const launcher = spawn(installed, [program, ...options], { stdio: ['ignore', 'pipe', 'ignore'] })
  onTestFinished(() => {
    launcher.kill('SIGKILL')
  })
  let said = ''
  launcher.stdout.setEncoding('utf8').on('data', (text: string) => {
    said += text
  })
  await eventually('it serves', () => said.includes('Please go to'))
  const [server = 0] = workersOf({ pid: launcher.pid ?? 0 })
  const processes = [server, ...workersOf({ pid: server })]
  expect(processes).toHaveLength(3)
  launcher.kill('SIGKILL')
  await eventually('all have ended', () => processes.every(pid => !isAlive(pid)))
})
