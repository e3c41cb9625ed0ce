/** From the command line to a running server, and back to an empty process. */
import { readFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { CommanderError } from 'commander'
import type { Logger } from 'pino'
import type { HubOptions } from './auth/hub/options.ts'
import { compose, composeVserver, dataAccess, type Service } from './compose.ts'
import { readCommandLine, readVserverCommandLine } from './config/command-line.ts'
import {
  type Config,
  ConfigMistakes,
  checkSettings,
  checkVserverSettings,
  type VserverConfig,
} from './config/config.ts'
import { errorCode, Trouble } from './domain/errors.ts'
import { createLogger } from './logger.ts'
import { CommandFailed } from './ops/failure.ts'

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
  version: string
}

/** Ends with status 2 for mistakes of whoever started us, 1 for trouble beneath us, 0 after an orderly stop. */
export async function main(args: readonly string[]): Promise<void> {
  const isCommand = args[0] !== undefined && !args[0].startsWith('-')
  try {
    if (args[0] === 'vserver') await runVserver(args.slice(1))
    else if (isCommand) await runCommand(args)
    else await runServer(args)
  } catch (error) {
    process.exitCode = tell(error)
  }
}

/** Loaded only where it is asked for: the server does not need it in its memory. */
async function runCommand(args: readonly string[]): Promise<void> {
  const { runOps } = await import('./ops/program.ts')
  await runOps(args, dataAccess)
}

async function runServer(args: readonly string[]): Promise<void> {
  const commandLine = readCommandLine({ args, environment: process.env, version })
  if (commandLine.kind === 'shown') return
  const config = checkSettings(commandLine.texts, commandLine.usage)
  await serve(config, compose, (port, logger) => {
    if (config.mode.kind === 'stand-alone') process.stdout.write(banner(config, port))
    else logger.info({ version, port, ...serviceFacts(config, config.mode.hub) }, 'serving')
  })
}

async function runVserver(args: readonly string[]): Promise<void> {
  const commandLine = readVserverCommandLine({ args, environment: process.env, version })
  if (commandLine.kind === 'shown') return
  const config = checkVserverSettings(commandLine.texts, commandLine.usage)
  await serve(config, composeVserver, port => process.stdout.write(vserverBanner(config, port)))
}

/** Until a signal. `tellStart`: that it listens. */
async function serve<Settings extends Pick<Config, 'listen' | 'logLevel'>>(
  config: Settings,
  open: (config: Settings, logger: Logger) => Promise<Service>,
  tellStart: (port: number, logger: Logger) => void,
): Promise<void> {
  const logger = await createLogger({ level: config.logLevel, forPeople: process.stderr.isTTY })
  const service = await open(config, logger)
  const stopped = stopOnSignal(service)
  try {
    await service.app.listen(config.listen)
  } catch (error) {
    await service.close()
    throw new CannotListen(config.listen, error)
  }
  const { port } = service.app.server.address() as AddressInfo
  tellStart(port, logger)
  await stopped
  logger.flush()
}

/** Resolves when the server was told to stop and has. A second signal ends it at once. */
function stopOnSignal(service: Service): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = () => {
      for (const signal of signals) process.off(signal, stop)
      service.close().then(resolve, reject)
    }
    for (const signal of signals) process.on(signal, stop)
  })
}

const signals = ['SIGINT', 'SIGTERM'] as const

/** What an admin wants to know of a start. */
function serviceFacts({ listen, prefix, database, storage }: Config, hub: HubOptions): object {
  const { apiUrl, serviceName, tokenCheck, groups } = hub
  return {
    host: listen.host,
    prefix,
    service: serviceName,
    hub: apiUrl,
    tokenCheck,
    hubGroups: groups !== null,
    database: database.path,
    storage: storage.folder,
  }
}

function originOf({ host }: Config['listen'], port: number): string {
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`
}

function vserverBanner(config: VserverConfig, port: number): string {
  return [
    `vserver ${version}: everyone who reaches it may read and change ${config.root}, and be anyone.`,
    `Database ${config.database.path}, files ${config.storage.folder}`,
    `Please go to ${originOf(config.listen, port)}/`,
    '',
  ].join('\n')
}

function banner(config: Config, port: number): string {
  const home = `${originOf(config.listen, port)}${config.prefix}`
  const example = config.testData ? 'assignment/course1/challenge?user=lawrence' : 'courses?user=kevin'
  return [
    `ngshare ${version}, stand-alone: whoever asks is believed. For trying, not for a class.`,
    `Database ${config.database.path}, files ${config.storage.folder}`,
    'Try, for instance:',
    `  curl '${home}${example}'`,
    `Please go to ${home}`,
    '',
  ].join('\n')
}

function tell(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2 // it has said what is wrong
  if (error instanceof ConfigMistakes) {
    process.stderr.write(`${error.message}\n`)
    return 2
  }
  if (error instanceof Trouble || error instanceof CannotListen || error instanceof CommandFailed) {
    process.stderr.write(`${error.message}\n`)
    return 1
  }
  throw error
}

/** Whatever keeps us from listening is somebody's setting. */
class CannotListen extends Error {
  constructor({ host, port }: Config['listen'], cause: unknown) {
    const reason =
      listenReasons[errorCode(cause) ?? ''] ?? (cause instanceof Error ? cause.message : String(cause))
    super(`cannot listen on ${host}, port ${port}: ${reason}`, { cause })
    this.name = 'CannotListen'
  }
}

const listenReasons: Record<string, string> = {
  EADDRINUSE: 'another program listens there; stop it, or choose another --port',
  EADDRNOTAVAIL: 'the --host is no address of this machine',
  ENOTFOUND: 'the --host is not known',
  EACCES: 'ports below 1024 are reserved; choose another --port',
}
