/** The commands that talk to a server, as help lists them: what each does is in `cli/`. */
export const serverCommandNames = [
  'course',
  'roster',
  'assignment',
  'submission',
  'feedback',
  'login',
  'logout',
  'whoami',
  'completion',
] as const
