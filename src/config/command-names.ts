/** The commands for admins: `ngshare NAME`. What each does is in `ops/`. */
export const commandNames = [
  'audit',
  'backup',
  'doctor',
  'hidden',
  'import',
  'migrate',
  'purge',
  'receipt',
  'restore',
  'sweep',
  'usage',
  'user',
  'verify',
] as const

/** Those for teachers and admins, which talk to a server: what each does is in `cli/`. */
export const serverCommandNames = ['course', 'login', 'logout', 'roster', 'whoami'] as const
