/**
 * Writes a large Python ngshare, for timing its import: `node test/import/make-large.ts FOLDER [COURSES] [STUDENTS]
 * [ASSIGNMENTS]`.
 */
import { aPythonNgshare } from '../support/python-ngshare.ts'
import { noise } from '../support/trees.ts'

const [folder = '', courses = 200, students = 100, assignments = 5] = process.argv
  .slice(2)
  .map((text, index) => (index === 0 ? text : Number(text))) as [string, number, number, number]

const startedAt = performance.now()
const python = aPythonNgshare(folder)
let microseconds = 0
for (let course = 1; course <= courses; course++) {
  const name = `course ${course}`
  python.inTransaction(() => {
    const roster = Array.from({ length: students }, (_, at) => `student-${(course * 37 + at * 7) % 5000}`)
    const key = python.course(name, {
      instructors: [[`teacher-${course}`, 'Emmy', 'Noether', 'emmy@example.org']],
      students: [...new Set(roster)].map(student => [student, 'First', 'Last', `${student}@example.org`]),
    })
    for (let number = 1; number <= assignments; number++) {
      const data = noise(3000, `data ${number}`)
      const assignment = python.assignment(key, `assignment ${number}`, {
        'task.ipynb': noise(8000, `task ${course} ${number}`),
        'data/table.csv': data,
      })
      for (const student of new Set(roster)) {
        const at = `2026-03-${String(number + 10)} 10:00:00.${String(microseconds++ % 1_000_000).padStart(6, '0')}`
        const submission = python.submission(assignment, student, at, {
          'task.ipynb': noise(4000, `${course} ${number} ${student}`),
          'data/table.csv': data,
        })
        python.feedback(submission, { 'task.html': noise(2000, `feedback ${course} ${number} ${student}`) })
      }
    }
  })
}
python.close()
console.log(
  `written in ${((performance.now() - startedAt) / 1000).toFixed(1)} s: ${courses * students * assignments} submissions`,
)
