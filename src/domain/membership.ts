/** What someone is in a course. */

export type Role = 'instructor' | 'student'

export interface Membership {
  readonly course: string
  readonly role: Role
}
