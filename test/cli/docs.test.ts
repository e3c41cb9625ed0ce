/** What docs/cli.md shows is what happens: its examples are carried out one after the other, and compared line by line. */
import { chmod, mkdir, symlink, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { expect, it } from 'vitest'
import { serverCommandsByName } from '../../scripts/docs/commands.ts'
import { readPage } from '../docs/markdown.ts'
import { aHub } from '../support/fake-hub.ts'
import { aHubService } from '../support/hub-service.ts'
import { aTerminal, program, run, urlOf } from './terminal.ts'

interface Example {
  readonly who: string
  readonly command: string
  /** Standard output and error; … stands for what differs each time. */
  readonly shown: readonly string[]
}

const page = await readPage('docs/cli.md')

/** As much of `nbgrader generate_feedback` as counts here: which files it leaves where. */
const generateFeedback = `#!/bin/sh
for student in submitted/*; do
  mkdir -p feedback/\${student#*/}/ps1
  cp $student/ps1/timestamp.txt feedback/\${student#*/}/ps1/
  echo '<h1>Well done.</h1>' > feedback/\${student#*/}/ps1/ps1.html
done
`

/** Of blocks like "```console kevin": commands behind `$`, each with what it shows. */
function examplesOf(page: string): Example[] {
  return [...page.matchAll(/^```console (\w+)\n(.*?)^```$/gms)].flatMap(([, who = '', block = '']) =>
    block
      .split(/^\$ /m)
      .slice(1)
      .map(example => {
        const [command = '', ...shown] = example.trimEnd().split('\n')
        return { who, command, shown }
      }),
  )
}

it('docs/cli.md shows what happens', { timeout: 120_000 }, async () => {
  const hub = await aHub()
  const service = await aHubService({ hub })
  const { folder, environment } = await aTerminal()
  const url = urlOf(service)
  const bin = join(folder, '.bin')
  await mkdir(bin)
  await symlink(program, join(bin, 'ngshare'))
  await writeFile(
    join(folder, 'class.csv'),
    'student_id,first_name,last_name,email\nmarie,Marie,Skłodowska-Curie,marie@example.org\nlise,Lise,Meitner,lise@example.org\n',
  )
  await mkdir(join(folder, 'release/ps1'), { recursive: true })
  await writeFile(join(folder, 'release/ps1/ps1.ipynb'), '{ "cells": [], "answer": "here" }\n')
  await writeFile(join(folder, 'release/ps1/points.csv'), 'time,height\n0,10\n1,5.1\n')
  await writeFile(join(bin, 'nbgrader'), generateFeedback, { mode: 0o755 })
  await writeFile(join(folder, 'ngshare-token'), hub.notebookToken('kevin'))
  await chmod(join(folder, 'ngshare-token'), 0o600)

  let isLoggedIn = false
  for (const { who, command, shown } of examplesOf(page)) {
    if (command.startsWith('ngshare login')) isLoggedIn = true
    const known = isLoggedIn ? {} : { NGSHARE_URL: url, NGSHARE_TOKEN: hub.notebookToken(who) }
    const PATH = `${bin}:${dirname(process.execPath)}:${environment.PATH}`
    const script = `{ ${command.replaceAll('https://hub.example.org/services/ngshare/', url)}\n} 2>&1`
    const { out } = await run(['bash', '-c', script], {
      folder,
      environment: { ...environment, ...known, PATH },
    })
    if (command.startsWith('ngshare logout')) isLoggedIn = false
    const told = out.replaceAll(url, 'https://hub.example.org/services/ngshare/')
    const happened = told === '' ? [] : told.split('\n')
    const expected = shown.map(line =>
      /…/.test(line) || hasMoment(line) ? expect.stringMatching(patternOf(line)) : line,
    )
    expect(happened, `$ ${command}`).toEqual(expected)
  }
})

it('docs/cli.md has an example of every command', () => {
  const commands = examplesOf(page).map(({ command }) => command)
  const lacking = [...serverCommandsByName().keys()].filter(
    name => !commands.some(command => `${command} `.includes(`ngshare ${name} `)),
  )
  expect(lacking).toEqual([])
})

const moment = /\d{4}-\d\d-\d\d \d\d:\d\d(?::\d\d\.\d{6})?/

function hasMoment(line: string): boolean {
  return moment.test(line)
}

function patternOf(line: string): RegExp {
  const parts = line.split(new RegExp(`(…|${moment.source})`))
  const pattern = parts.map(part =>
    part === '…' ? '.*' : hasMoment(part) ? moment.source : part.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&'),
  )
  return new RegExp(`^${pattern.join('')}$`)
}
