/** The commands that talk to a server: what each does is in `cli/`. */
export const serverCommandNames = [
  'assignment',
  'completion',
  'course',
  'feedback',
  'login',
  'logout',
  'roster',
  'submission',
  'whoami',
] as const
