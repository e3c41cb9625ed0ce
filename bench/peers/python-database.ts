// Fills ngshare 0.6.0 behind its back: over HTTP a class of a thousand and its work would take it minutes.

import { createHash, randomUUID } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { contentOf } from '../load/content.ts'
import type { Filler } from './filler.ts'

export function fillPythonDatabase(databaseFile: string, filesFolder: string): Filler {
  return {
    async enrolStudents(course, _instructor, students) {
      inTransaction(databaseFile, database => {
        const addUser = database.prepare('INSERT INTO users (id) VALUES (?)')
        const enrol = database.prepare(
          `INSERT INTO student_assoc_table (left_id, right_id, first_name, last_name, email)
           VALUES (?, ?, 'First', 'Last', ? || '@example.org')`,
        )
        for (const student of students) {
          addUser.run(student)
          enrol.run(student, course, student)
        }
      })
    },

    async addSubmissions({ course, assignment, submissions }) {
      inTransaction(databaseFile, database => {
        const assignmentId = database
          .prepare(
            'SELECT a._id FROM assignments a JOIN courses c ON c._id = a.course_id WHERE c.id = ? AND a.id = ?',
          )
          .pluck()
          .get(course, assignment)
        const addSubmission = database.prepare(
          'INSERT INTO submissions (assignment_id, timestamp, student_id) VALUES (?, ?, ?)',
        )
        const addFile = database.prepare(
          'INSERT INTO files (filename, checksum, actual_name, size) VALUES (?, ?, ?, ?)',
        )
        const link = database.prepare(
          'INSERT INTO submission_files_assoc_table (left_id, right_id) VALUES (?, ?)',
        )

        submissions.forEach(({ student, file }, index) => {
          const submission = addSubmission.run(assignmentId, timestampText(index), student)
          if (!file) return
          const content = contentOf(file)
          const actualName = `${randomUUID()}.ipynb`
          writeFileSync(join(filesFolder, actualName), content)
          const checksum = createHash('md5').update(content).digest('hex')
          const added = addFile.run(file.name, checksum, actualName, content.length)
          link.run(String(submission.lastInsertRowid), added.lastInsertRowid)
        })
      })
    },
  }
}

function inTransaction(databaseFile: string, act: (database: Database.Database) => void): void {
  const database = new Database(databaseFile)
  try {
    database.transaction(act)(database)
  } finally {
    database.close()
  }
}

/** The text that SQLAlchemy keeps in SQLite, one microsecond after the other. */
function timestampText(index: number): string {
  return `2026-01-01 12:00:00.${String(index).padStart(6, '0')}`
}
