/** What a check of the doctor has found. */

/** `skipped`: could not be looked at, for what another finding says. */
export type State = 'ok' | 'warning' | 'wrong' | 'skipped'

export interface Finding {
  /** Of which check. */
  readonly about: string
  readonly state: State
  readonly says: string
  /** What to do, where there is something to do. */
  readonly fix?: string
}

export function findings(about: string) {
  return {
    ok: (says: string): Finding => ({ about, state: 'ok', says }),
    warning: (says: string, fix: string): Finding => ({ about, state: 'warning', says, fix }),
    wrong: (says: string, fix: string): Finding => ({ about, state: 'wrong', says, fix }),
    skipped: (says: string): Finding => ({ about, state: 'skipped', says }),
  }
}

export function isWrong(finding: Finding): boolean {
  return finding.state === 'wrong'
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
