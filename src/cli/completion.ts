/** `ngshare completion`: what makes a shell complete the words of our commands, by asking `ngshare complete`. */
import { Argument, Command } from 'commander'
import { type Client, createClient } from '../client/client.ts'
import { printable } from '../terminal/table.ts'
import type { Cli } from './command.ts'
import { type Candidate, placeAt, type Said } from './complete.ts'
import { loginsFile, readLogins } from './logins.ts'
import type { Role } from './roster-file.ts'
import { findTarget } from './target.ts'

/** Each shell asks with the words until the cursor, and reads a line a candidate: value, tab, description. */
const scripts = {
  bash: `# ngshare: completion for bash. In ~/.bashrc: source <(ngshare completion bash)
_ngshare() {
  local line words=() word current
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD}"; do
    word=\${word//\\\\/}
    [[ $word == '=' ]] || words+=("$word")
  done
  current=\${COMP_WORDS[COMP_CWORD]//\\\\/}
  [[ $current == '=' ]] && words+=('') current=''
  COMPREPLY=()
  while IFS= read -r line; do
    if [[ $line == ':files' ]]; then
      compopt -o filenames 2>/dev/null
      while IFS= read -r line; do COMPREPLY+=("$line"); done < <(compgen -f -- "$current")
    elif [[ \${line%%$'\\t'*} == "$current"* ]]; then
      COMPREPLY+=("$(printf %q "\${line%%$'\\t'*}")")
    fi
  done < <("\${COMP_WORDS[0]}" complete -- "\${words[@]}" 2>/dev/null)
}
complete -F _ngshare ngshare
`,
  zsh: `#compdef ngshare
# ngshare: completion for zsh. In ~/.zshrc, behind compinit: source <(ngshare completion zsh)
_ngshare() {
  local line value
  local -a candidates
  for line in "\${(@f)$("\${words[1]}" complete -- "\${(@Q)words[2,CURRENT]}" 2>/dev/null)}"; do
    [[ -z $line ]] && continue
    if [[ $line == ':files' ]]; then
      _files
      return
    fi
    value=\${line%%$'\\t'*}
    candidates+=("\${value//:/\\\\:}:\${line#*$'\\t'}")
  done
  _describe ngshare candidates
}
(( $+functions[compdef] )) && compdef _ngshare ngshare
`,
  fish: `# ngshare: completion for fish. In ~/.config/fish/config.fish: ngshare completion fish | source
function __ngshare_complete
    set -l words (commandline -opc) (commandline -ct)
    for line in ($words[1] complete -- $words[2..-1] 2>/dev/null)
        if test "$line" = ':files'
            __fish_complete_path (commandline -ct)
        else
            echo $line
        end
    end
end
complete -c ngshare -f -a '(__ngshare_complete)'
`,
} as const

type Shell = keyof typeof scripts
const shells = Object.keys(scripts) as Shell[]

export function completionCommand({ io }: Cli): Command {
  return new Command('completion')
    .description('Print what makes a shell complete commands, options and the names of your courses.')
    .addArgument(new Argument('<shell>').choices(shells))
    .action((shell: Shell) => io.print(scripts[shell].trimEnd()))
}

/** For the scripts alone. */
export function completeCommand(cli: Cli, program: () => Command | Promise<Command>): Command {
  return new Command('complete')
    .argument('[words...]', 'those behind `ngshare`, the last one unfinished')
    .action(async (words: string[]) => {
      const place = placeAt(await program(), words)
      if (place.kind === 'files') cli.io.print(':files')
      const all = place.kind === 'candidates' ? place.candidates : []
      const candidates = place.kind === 'name' ? await realNames(cli, place.of, place.said) : all
      const wanted = candidates.filter(({ value }) => value.startsWith(words.at(-1) ?? ''))
      if (wanted.length > 0) cli.io.print(wanted.map(inLine).join('\n'))
    })
}

function inLine({ value, description }: Candidate): string {
  return `${value}\t${printable(description.replaceAll('\t', ' '))}`
}

/** Somebody waits with a finger on the key. */
const patienceMs = 2000

/** Asks the server, where it is clear which; nothing where that fails: a completion has nobody to tell. */
async function realNames({ environment }: Cli, of: string, said: Said): Promise<Candidate[]> {
  const list = lists[of]
  if (list === undefined) return []
  try {
    const logins = readLogins(loginsFile(environment))
    const { url, access } = findTarget({ options: said, environment, logins })
    const credentials = access.kind === 'token' ? { token: access.token } : { user: access.name }
    const client = createClient({ url, credentials, maxAttempts: 1 })
    const names = new Map<string, string>()
    for await (const [name, what] of list(client, said, AbortSignal.timeout(patienceMs)))
      names.set(name, what)
    return [...names]
      .filter(([value]) => printable(value) === value)
      .map(([value, description]) => ({ value, description }))
  } catch {
    return []
  }
}

type List = (client: Client, said: Said, signal: AbortSignal) => AsyncIterable<[name: string, what: string]>

/** Where names come from, by what arguments and options are called. */
const lists: Readonly<Record<string, List>> = {
  async *course(client, _, signal) {
    for await (const { course, role } of client.list('listCourses', { signal })) yield [course, role ?? '']
  },
  async *assignment(client, { course }, signal) {
    const query = { course }
    for await (const one of client.list('listAssignments', { query, signal }))
      yield [one.assignment, one.course]
  },
  users: (client, { course }, signal) => members(client, { course, signal }),
  student: (client, { course }, signal) => members(client, { course, role: 'student', signal }),
}

async function* members(
  client: Client,
  input: { course: string | undefined; role?: Role; signal: AbortSignal },
): ReturnType<List> {
  const { course, role, signal } = input
  if (course === undefined) return
  const people = client.list('listMembers', { path: { course }, query: { role }, signal })
  for await (const { user, firstName, lastName } of people)
    yield [user, [firstName, lastName].filter(Boolean).join(' ')]
}
