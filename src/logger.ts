/** The log: a JSON line an event on standard error, pretty where a person watches. */
import { destination, type Logger, pino, stdSerializers } from 'pino'
import pretty from 'pino-pretty'

export function createLogger(options: { level: string; forPeople: boolean }): Logger {
  const stream = options.forPeople
    ? pretty({ destination: 2, ignore: 'pid,hostname,reqId', translateTime: 'HH:MM:ss' })
    : destination({ dest: 2, sync: false })
  return pino({ level: options.level, base: null, serializers: { err: stdSerializers.errWithCause } }, stream)
}
