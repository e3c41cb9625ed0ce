/** From settings to a running server, or to several that one process watches, until it is told to stop. */
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from 'pino'
import type { HubOptions } from './auth/hub/options.ts'
import { compose, composeVserver, type Service } from './compose.ts'
import { readCommandLine, readVserverCommandLine } from './config/command-line.ts'
import {
  type Config,
  checkSettings,
  checkVserverSettings,
  type Drain,
  type VserverConfig,
} from './config/config.ts'
import { databaseWords } from './config/database-url.ts'
import { errorCode } from './domain/errors.ts'
import { createLogger } from './logger.ts'
import { CommandFailed } from './terminal/failure.ts'
import { version } from './version.ts'
import { startWorkers, toldToStop, WorkerFailed, workerNumber } from './workers.ts'

/** Runs `ngshare ARGS`. @throws Trouble, ConfigMistakes, CommandFailed */
export async function runServer(args: readonly string[]): Promise<void> {
  const commandLine = readCommandLine({ args, environment: process.env, version })
  if (commandLine.kind === 'shown') return
  const config = checkSettings(commandLine.texts, commandLine.usage)
  const tellStart = (port: number, logger: Logger) => {
    if (config.mode.kind === 'stand-alone') process.stdout.write(banner(config, port))
    else logger.info({ version, port, ...serviceFacts(config, config.mode.hub) }, 'serving')
  }
  if (workerNumber() !== null) await serve(config, compose, () => undefined)
  else if (config.workers === 1) await serve(config, compose, tellStart)
  else await watchOver(config, tellStart)
}

/** A worker that cannot start has said what is wrong. */
async function watchOver(...watched: Parameters<typeof watchWorkers>): Promise<void> {
  try {
    await watchWorkers(...watched)
  } catch (error) {
    if (!(error instanceof WorkerFailed)) throw error
    process.exitCode = error.status
  }
}

/** Runs `ngshare vserver ARGS`. @throws Trouble, ConfigMistakes, CommandFailed */
export async function runVserver(args: readonly string[]): Promise<void> {
  const commandLine = readVserverCommandLine({ args, environment: process.env, version })
  if (commandLine.kind === 'shown') return
  const config = checkVserverSettings(commandLine.texts, commandLine.usage)
  await serve(config, composeVserver, port => process.stdout.write(vserverBanner(config, port)))
}

/**
 * Connections that may wait to be accepted. Old clients open one for each request; those that find no room are dropped
 * by the kernel and try again after 1, 3, 7 … 63 seconds. Linux caps it at `net.core.somaxconn`.
 */
const waitingAtTheDoor = 4096

/** Until it is told to stop. `tellStart`: that it listens. */
async function serve<Settings extends Pick<Config, 'listen' | 'logLevel'> & { readonly drain?: Drain }>(
  config: Settings,
  open: (config: Settings, logger: Logger) => Promise<Service>,
  tellStart: (port: number, logger: Logger) => void,
): Promise<void> {
  const logger = await openLogger(config)
  const service = await open(config, logger)
  const told = workerNumber() === null ? signalled() : Promise.race([toldToStop(), signalledAgain()])
  try {
    await service.app.doors.open({ ...config.listen, backlog: waitingAtTheDoor })
  } catch (error) {
    await service.close()
    throw new CannotListen(config.listen, error)
  }
  const { port } = service.app.server.address() as AddressInfo
  tellStart(port, logger)
  await told
  await drain(service, config.drain ?? { delayMs: 0, limitMs: Number.POSITIVE_INFINITY }, logger)
  logger.flush()
}

/** Serves through several processes, until a signal: the first lets them finish, the second ends them at once. */
async function watchWorkers(
  config: Config,
  tellStart: (port: number, logger: Logger) => void,
): Promise<void> {
  const logger = await openLogger(config)
  const told = signalled()
  const workers = await startWorkers({ count: config.workers, logger })
  tellStart(workers.port, logger)
  await told
  const kill = (signal: NodeJS.Signals) => {
    workers.kill()
    for (const name of signals) process.off(name, kill)
    process.kill(process.pid, signal)
  }
  for (const signal of signals) process.on(signal, kill)
  process.exitCode = await workers.stop()
  for (const signal of signals) process.off(signal, kill)
  logger.flush()
}

function openLogger({ logLevel }: Pick<Config, 'logLevel'>): Promise<Logger> {
  return createLogger({ level: logLevel, forPeople: process.stderr.isTTY, worker: workerNumber() })
}

/** First nobody is sent here any more, then nobody is let in, then those who are here finish. */
async function drain({ app, close }: Service, { delayMs, limitMs }: Drain, logger: Logger): Promise<void> {
  app.stopping.begin()
  app.stopping.limitMs = limitMs
  logger.info({ delayMs, limitMs, underWay: app.stopping.underWay }, 'stopping')
  await sleep(delayMs)
  await close()
  logger.info({}, 'stopped')
}

/** Resolves at a signal to stop. The next one ends the process at once. */
function signalled(): Promise<void> {
  return new Promise(resolve => {
    const stop = () => {
      for (const signal of signals) process.off(signal, stop)
      resolve()
    }
    for (const signal of signals) process.on(signal, stop)
  })
}

/**
 * The same for a worker, which no signal ends at once: terminals and service managers signal all processes, and who
 * watches it tells it as well.
 */
function signalledAgain(): Promise<void> {
  return new Promise(resolve => {
    for (const signal of signals) process.on(signal, () => resolve())
  })
}

const signals = ['SIGINT', 'SIGTERM'] as const

/** What an admin wants to know of a start. */
function serviceFacts({ listen, prefix, database, storage, workers }: Config, hub: HubOptions): object {
  const { apiUrl, serviceName, tokenCheck, groups } = hub
  return {
    host: listen.host,
    prefix,
    service: serviceName,
    hub: apiUrl,
    tokenCheck,
    hubGroups: groups !== null,
    workers,
    database: databaseWords(database),
    storage: storage.text,
  }
}

function originOf({ host }: Config['listen'], port: number): string {
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`
}

function vserverBanner(config: VserverConfig, port: number): string {
  return [
    `vserver ${version}: everyone who reaches it may read and change ${config.root}, and be anyone.`,
    `Database ${databaseWords(config.database)}, files ${config.storage.text}`,
    `Please go to ${originOf(config.listen, port)}/`,
    '',
  ].join('\n')
}

function banner(config: Config, port: number): string {
  const home = `${originOf(config.listen, port)}${config.prefix}`
  const example = config.testData ? 'assignment/course1/challenge?user=lawrence' : 'courses?user=kevin'
  return [
    `ngshare ${version}, stand-alone: whoever asks is believed. For trying, not for a class.`,
    `Database ${databaseWords(config.database)}, files ${config.storage.text}`,
    'Try, for instance:',
    `  curl '${home}${example}'`,
    `Please go to ${home}`,
    '',
  ].join('\n')
}

/** Whatever keeps us from listening is somebody's setting. */
class CannotListen extends CommandFailed {
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
