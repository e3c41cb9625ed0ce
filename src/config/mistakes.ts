/** Everything that is wrong with the settings, a line each: told to whoever started us. */
export class ConfigMistakes extends Error {
  constructor(lines: readonly string[]) {
    super(lines.join('\n'))
    this.name = 'ConfigMistakes'
  }
}
