// The scenarios in the order of the table in README.md.

import { collect } from './collect.ts'
import { courses, coursesWithHub } from './courses.ts'
import { fetchAssignment } from './fetch.ts'
import { listTenThousand, listThousand } from './list.ts'
import { rush } from './rush.ts'
import type { Scenario } from './scenario.ts'
import { submitMedium, submitSmall } from './submit.ts'
import { submitLarge } from './submit-large.ts'

export const scenarios: Scenario[] = [
  courses,
  coursesWithHub,
  submitSmall,
  submitMedium,
  submitLarge,
  listThousand,
  listTenThousand,
  fetchAssignment,
  collect,
  rush,
]
