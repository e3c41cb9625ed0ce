/** The log: a JSON line an event on standard error, pretty where a person watches. */
import { type DestinationStream, destination, type Logger, pino, stdSerializers } from 'pino'

/** Lines are gathered for up to 200 ms: a write for each would cost small requests more than anything else. */
export async function createLogger(options: { level: string; forPeople: boolean }): Promise<Logger> {
  const stream = options.forPeople
    ? await prettyStream()
    : destination({ dest: 2, sync: false, minLength: 4096, periodicFlush: 200 })
  return pino({ level: options.level, base: null, serializers: { err: stdSerializers.errWithCause } }, stream)
}

/** Loaded only where it is used: servers do not need it in their memory. */
async function prettyStream(): Promise<DestinationStream> {
  const { default: pretty } = await import('pino-pretty')
  return pretty({ destination: 2, singleLine: true, ignore: 'pid,hostname,reqId', translateTime: 'HH:MM:ss' })
}
