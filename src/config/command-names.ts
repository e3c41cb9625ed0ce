/** The commands that talk to a server: what each does is in `cli/`. */
export const serverCommandNames = ['completion', 'course', 'login', 'logout', 'roster', 'whoami'] as const
