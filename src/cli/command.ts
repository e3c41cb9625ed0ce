/** What the commands that talk to a server have in common: which server, as whom, how they end. */
import { type Command, Option } from 'commander'
import { type Client, createClient } from '../client/client.ts'
import { Interrupted } from '../terminal/failure.ts'
import { jsonOption } from '../terminal/options.ts'
import type { Output } from '../terminal/output.ts'
import { version } from '../version.ts'
import { explained } from './failures.ts'
import { loginsFile, readLogins } from './logins.ts'
import { findTarget, type Target, type TargetOptions } from './target.ts'

/** What a command is given by whoever composes the program. */
export interface Cli {
  readonly io: Output
  readonly environment: NodeJS.ProcessEnv
}

/** Options of every command that talks to a server. */
export interface ServerOptions extends TargetOptions {
  readonly json: boolean
}

/** A server, and the person at the keyboard. */
export interface Session {
  readonly client: Client
  readonly target: Target
  readonly io: Output
  /** Aborted by Ctrl-C; the command then ends with status 130, whatever it throws. */
  readonly signal: AbortSignal
}

type Act<Arguments extends readonly unknown[], Options extends ServerOptions> = (
  session: Session,
  options: Options,
  ...args: Arguments
) => Promise<void>

/** A command that talks to a server. What it throws of the client's errors is told in words. */
export function serverCommand<Arguments extends readonly unknown[], Options extends ServerOptions>(
  cli: Cli,
  command: Command,
  act: Act<Arguments, Options>,
): Command {
  return targetOptions(command.addOption(jsonOption())).action(async (...given: unknown[]) => {
    const args = given.slice(0, -2) as unknown as Arguments
    const options = given.at(-2) as Options
    const logins = readLogins(loginsFile(cli.environment))
    const target = findTarget({ options, environment: cli.environment, logins })
    await withSession(cli, target, session => act(session, options, ...args))
  })
}

/** Which server, and as whom. A token is never an argument: everybody on a machine sees those. */
export function targetOptions(command: Command): Command {
  return command
    .addOption(new Option('--url <URL>', 'the server (variable: NGSHARE_URL)').helpGroup(serverGroup))
    .addOption(
      new Option('--token-file <FILE>', 'a file with your token in it (variable: NGSHARE_TOKEN)').helpGroup(
        serverGroup,
      ),
    )
    .addOption(
      new Option('--user <NAME>', 'who you are, to a stand-alone server (variable: NGSHARE_USER)').helpGroup(
        serverGroup,
      ),
    )
}

const serverGroup = 'Which server, and as whom:'

/** @throws CommandFailed */
export async function withSession<Result>(
  { io }: Cli,
  target: Target,
  act: (session: Session) => Promise<Result>,
): Promise<Result> {
  const stop = new AbortController()
  const interrupt = () => stop.abort(new Interrupted('stopped'))
  process.once('SIGINT', interrupt) // the second one ends the process at once
  const { url, access } = target
  const client = createClient({
    url,
    credentials: access.kind === 'token' ? { token: access.token } : { user: access.name },
    userAgent: `ngshare/${version}`,
    onRetry: error => io.progress(`${error.message}; trying again`),
  })
  try {
    const result = await act({ client, target, io, signal: stop.signal })
    io.progress('')
    return result
  } catch (error) {
    io.progress('')
    if (stop.signal.aborted) throw stop.signal.reason
    throw explained(error, target)
  } finally {
    process.off('SIGINT', interrupt)
  }
}
