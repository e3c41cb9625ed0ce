/** The log: a JSON line an event on standard error, pretty where a person watches. */
import { type DestinationStream, destination, type Logger, pino, stdSerializers } from 'pino'

const alone = { minLength: 4096 }
/** So much at most is written to a pipe in one piece, whoever else writes to it; so lines stay whole. */
const besideOthers = { minLength: 2048, maxWrite: 4096 }

/**
 * Lines are gathered for up to 200 ms: a write for each would cost small requests more than anything else. `worker`:
 * which one this is, of several that write to one log; it is in all lines.
 */
export async function createLogger(options: {
  level: string
  forPeople: boolean
  worker: number | null
}): Promise<Logger> {
  const stream = options.forPeople
    ? await prettyStream()
    : destination({
        dest: 2,
        sync: false,
        periodicFlush: 200,
        ...(options.worker === null ? alone : besideOthers),
      })
  const base = options.worker === null ? null : { worker: options.worker }
  return pino({ level: options.level, base, serializers: { err: stdSerializers.errWithCause } }, stream)
}

/** Loaded only where it is used: servers do not need it in their memory. */
async function prettyStream(): Promise<DestinationStream> {
  const { default: pretty } = await import('pino-pretty')
  return pretty({ destination: 2, singleLine: true, ignore: 'pid,hostname,reqId', translateTime: 'HH:MM:ss' })
}
