/** How much may be stored, in logical bytes: what two trees share counts twice. Null: any amount. */
export interface Quotas {
  /** All submissions of one student to one assignment. */
  readonly assignmentBytes: number | null
  /** All submissions of one student. */
  readonly userBytes: number | null
  /** All releases, submissions and feedback of a course, also what is deleted and not yet gone for good. */
  readonly courseBytes: number | null
}

export const noQuotas: Quotas = { assignmentBytes: null, userBytes: null, courseBytes: null }

export type QuotaName = keyof Quotas

/** What is full, or would be. */
export interface QuotaFacts {
  readonly quota: QuotaName
  readonly limitBytes: number
  readonly usedBytes: number
  readonly wantedBytes: number
}
