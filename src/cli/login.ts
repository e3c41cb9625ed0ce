/** `ngshare login`, `logout`, `whoami`: who one is to which server. */
import { Command } from 'commander'
import type { Answer } from '../client/client.ts'
import { WrongUse } from '../terminal/failure.ts'
import { jsonOption } from '../terminal/options.ts'
import { report } from '../terminal/output.ts'
import { printable } from '../terminal/table.ts'
import { type Cli, type ServerOptions, serverCommand, targetOptions, withSession } from './command.ts'
import { type Login, loginsFile, readLogins, removeLogin, saveLogin } from './logins.ts'
import { askForSecret } from './questions.ts'
import { type Access, cleanToken, cleanUrl, findUrl, type TargetOptions, tokenIn } from './target.ts'

export function loginCommand(cli: Cli): Command {
  const command = new Command('login')
    .description('Log in to a server: save your token for it, which is asked for, on this machine.')
    .argument('[url]', 'the server, such as https://hub.example.org/services/ngshare/')
  return targetOptions(command.addOption(jsonOption())).action(
    async (given: string | undefined, options: ServerOptions) => {
      const url = urlFor(cli, given, options)
      const access = await askForAccess(cli, url, options)
      const service = await withSession(cli, { url, access }, ({ client, signal }) =>
        client.call('getService', { signal }),
      )
      const login: Login = access.kind === 'token' ? { token: access.token } : { user: access.name }
      const file = loginsFile(cli.environment)
      saveLogin(file, url, login)
      report(cli.io, options, { url, caller: service.caller, savedIn: file }, () =>
        [`Logged in to ${url} as ${inWords(service.caller)}.`, `Saved in ${file}.`].join('\n'),
      )
    },
  )
}

export function logoutCommand(cli: Cli): Command {
  return new Command('logout')
    .description('Forget the saved login to a server. The token itself stays good: the hub can revoke it.')
    .argument('[url]', 'the server; without it that of the last login')
    .addOption(jsonOption())
    .action((given: string | undefined, options: { json: boolean }) => {
      const file = loginsFile(cli.environment)
      const url = given === undefined ? readLogins(file).current : cleanUrl(given, 'url')
      const removed = url !== null && removeLogin(file, url)
      report(cli.io, options, { url, removed }, () =>
        removed ? `Logged out from ${url}.` : 'There was no such login.',
      )
    })
}

export function whoamiCommand(cli: Cli): Command {
  const command = new Command('whoami').description(
    'Say which server is meant, who you are to it, and which token says so.',
  )
  return serverCommand(cli, command, async ({ client, target, io, signal }, options) => {
    const { caller, version } = await client.call('getService', { signal })
    const { from } = target.access
    report(io, options, { url: target.url, caller, version, from }, () =>
      [`${inWords(caller)}, at ${target.url} (ngshare ${printable(version)})`, `known by: ${from}`].join(
        '\n',
      ),
    )
  })
}

function urlFor({ environment }: Cli, given: string | undefined, options: TargetOptions): string {
  if (given !== undefined && options.url !== undefined) throw new WrongUse('two addresses: say one')
  const logins = readLogins(loginsFile(environment))
  const url = given === undefined ? findUrl({ options, environment, logins }) : cleanUrl(given, 'url')
  if (url !== null) return url
  throw new WrongUse('which server? ngshare login https://hub.example.org/services/ngshare/')
}

async function askForAccess({ io }: Cli, url: string, { user, tokenFile }: TargetOptions): Promise<Access> {
  if (user !== undefined && tokenFile !== undefined) throw new WrongUse('say --user, or --token-file')
  if (user !== undefined) return { kind: 'user', name: user, from: '--user' }
  if (tokenFile !== undefined) return tokenIn(tokenFile)
  io.note(`You need a token of your hub: request one at ${tokenPage(url)}`)
  return { kind: 'token', token: cleanToken(await askForSecret('Token (not shown): ')), from: 'you' }
}

/** Services are at `services/NAME/` below the address of their hub. */
function tokenPage(url: string): string {
  const [, hub] = /^(.*\/)services\/[^/]+\/$/.exec(url) ?? []
  return hub === undefined ? 'its page "Token"' : `${hub}hub/token`
}

function inWords({ name, kind, isAdmin }: Answer<'getService'>['caller']): string {
  const who = kind === 'service' ? `the service ${printable(name)}` : printable(name)
  return isAdmin ? `${who}, an admin` : who
}
