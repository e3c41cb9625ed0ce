/** The table of the commands that talk to a server, from the tree of commands that runs. */
import type { Command } from 'commander'
import { commandTree } from '../../src/commands.ts'
import { serverCommandNames } from '../../src/config/command-names.ts'
import { code, markdownTable } from './markdown.ts'

/** As they are typed: `roster list`. */
export function serverCommandsByName(): Map<string, Command> {
  const groups = commandTree(null).commands.filter(command =>
    serverCommandNames.some(name => name === command.name()),
  )
  return new Map(groups.flatMap(group => leaves(group, group.name())))
}

export function commandTable(): string {
  const rows = [...serverCommandsByName()].map(([name, command]) => {
    const usage = command.registeredArguments.map(argument => {
      const text = argument.name().toUpperCase() + (argument.variadic ? '…' : '')
      return argument.required ? text : `[${text}]`
    })
    return [code(['ngshare', name, ...usage].join(' ')), command.description()]
  })
  return markdownTable(['command', 'what it does'], rows)
}

function leaves(command: Command, name: string): [string, Command][] {
  if (command.commands.length === 0) return [[name, command]]
  return command.commands.flatMap(part => leaves(part, `${name} ${part.name()}`))
}
