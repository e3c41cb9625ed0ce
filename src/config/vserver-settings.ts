/** The settings of `ngshare vserver`, most of them shared with the server. */
import { type Setting, settings } from './settings.ts'

export const vserverSettings = [
  {
    name: 'root',
    variables: ['VSERVER_ROOT'],
    value: 'DIR',
    fallback: '',
    meaning: 'the folder that the file-system calls see as /; required',
  },
  { ...shared('host'), fallback: '127.0.0.1', meaning: 'the address to listen on' },
  { ...shared('port'), fallback: '11111', meaning: 'the port to listen on; 0 takes a free one' },
  { ...shared('database'), fallback: 'sqlite:///data/vserver.db' },
  { ...shared('storage'), fallback: 'data/vserver-files' },
  shared('database-pool'),
  shared('database-timeout-seconds'),
  {
    ...shared('trust-network'),
    meaning:
      'listen beyond this machine: everyone who reaches it may read and change the folder, and be anyone',
  },
  shared('max-body-bytes'),
  shared('max-file-bytes'),
  shared('max-files'),
  shared('max-active'),
  shared('max-transfer-bytes'),
  shared('max-waiting'),
  shared('max-waiting-per-user'),
  shared('max-wait-seconds'),
  shared('max-connections'),
  shared('log-level'),
] as const satisfies readonly Setting[]

function shared<Name extends (typeof settings)[number]['name']>(name: Name): Setting & { name: Name } {
  return { ...(settings.find(setting => setting.name === name) as Setting), name }
}
