/** Which routes the composed server has. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { compose } from '../../src/compose.ts'
import { readCommandLine } from '../../src/config/command-line.ts'
import { checkSettings } from '../../src/config/config.ts'
import { routesOf } from '../support/app-routes.ts'

/** As `GET /api/courses`; names in paths are `<>`. In debug mode, so that no route is missing. */
export async function registeredRoutes(): Promise<string[]> {
  const folder = await mkdtemp(join(tmpdir(), 'ngshare-docs-'))
  const args = ['--vngshare', '--debug', '--database', `sqlite:///${folder}/db`, '--storage', folder]
  const commandLine = readCommandLine({ args, environment: {}, version: 'test' })
  if (commandLine.kind === 'shown') throw new Error('expected settings, got help')
  const service = await compose(checkSettings(commandLine.texts), pino({ level: 'silent' }))
  try {
    await service.app.ready()
    return await routesOf(service.app)
  } finally {
    await service.close()
    await rm(folder, { recursive: true })
  }
}
