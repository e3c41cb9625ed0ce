// The scenarios in the order of the table in README.md.
//
// NOTE: hub mode is not measured yet. Its row, GET courses with a hub that answers in 20 ms, goes here after
// `courses`; `peers/fake-hub.ts` has the delay, and `peers/peers.ts` must start our server with that hub.

import { collect } from './collect.ts'
import { courses } from './courses.ts'
import { fetchAssignment } from './fetch.ts'
import { listTenThousand, listThousand } from './list.ts'
import { rush } from './rush.ts'
import type { Scenario } from './scenario.ts'
import { submitMedium, submitSmall } from './submit.ts'
import { submitLarge } from './submit-large.ts'

export const scenarios: Scenario[] = [
  courses,
  submitSmall,
  submitMedium,
  submitLarge,
  listThousand,
  listTenThousand,
  fetchAssignment,
  collect,
  rush,
]
