/** A reason to end with status 1: told to whoever started the command. */
export class CommandFailed extends Error {
  readonly exitCode: number = 1

  constructor(message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'CommandFailed'
  }
}

/** A command that was not told what it needs, or told it wrongly: status 2. */
export class WrongUse extends CommandFailed {
  override readonly exitCode = 2
}

/** Ended from the keyboard, with the status that shells give to that. */
export class Interrupted extends CommandFailed {
  override readonly exitCode = 130
}
