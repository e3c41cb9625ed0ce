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
