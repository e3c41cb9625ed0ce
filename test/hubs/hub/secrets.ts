/** What must never be in a log: every token, cookie, code and state that a test came across. */

export class Secrets {
  readonly #kinds = new Map<string, string>()

  /** Returns the secret, for use in passing. */
  keep(kind: string, secret: string): string {
    // Shorter ones, such as a `0`, are no secrets and would be found anywhere.
    if (secret.length >= 8) {
      this.#kinds.set(secret, kind)
      this.#kinds.set(encodeURIComponent(secret), kind)
    }
    return secret
  }

  /** What a login has in its addresses. */
  keepParametersOf(url: URL): void {
    for (const name of ['code', 'state', 'code_challenge']) {
      const value = url.searchParams.get(name)
      if (value !== null) this.keep(name, value)
    }
  }

  get count(): number {
    return this.#kinds.size
  }

  /** Lines with a secret in them, the kind of the secret before each. */
  foundIn(lines: readonly string[]): string[] {
    const kinds = [...this.#kinds]
    return lines.flatMap(line =>
      kinds.filter(([secret]) => line.includes(secret)).map(([, kind]) => `${kind}: ${line}`),
    )
  }
}
