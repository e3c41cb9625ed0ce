/** The log: a JSON line an event on standard error, pretty where a person watches. */
import { type DestinationStream, destination, type Logger, pino, stdSerializers } from 'pino'

export async function createLogger(options: { level: string; forPeople: boolean }): Promise<Logger> {
  const stream = options.forPeople ? await prettyStream() : destination({ dest: 2, sync: false })
  return pino({ level: options.level, base: null, serializers: { err: stdSerializers.errWithCause } }, stream)
}

/** Loaded only where it is used: servers do not need it in their memory. */
async function prettyStream(): Promise<DestinationStream> {
  const { default: pretty } = await import('pino-pretty')
  return pretty({ destination: 2, ignore: 'pid,hostname,reqId', translateTime: 'HH:MM:ss' })
}
