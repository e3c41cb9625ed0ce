/** `ngshare course …` */
import { Command } from 'commander'
import { repeated } from '../terminal/options.ts'
import { report } from '../terminal/output.ts'
import { columns, printable } from '../terminal/table.ts'
import { counted } from '../terminal/words.ts'
import { type Cli, type ServerOptions, serverCommand } from './command.ts'
import { everything, minutes } from './lists.ts'
import { confirm } from './questions.ts'

export function courseCommand(cli: Cli): Command {
  return new Command('course')
    .description('Courses: list, create and delete them.')
    .addCommand(listCommand(cli))
    .addCommand(showCommand(cli))
    .addCommand(createCommand(cli))
    .addCommand(deleteCommand(cli))
}

function listCommand(cli: Cli): Command {
  const command = new Command('list').description('List the courses that you teach or take; for admins all.')
  return serverCommand(cli, command, async ({ client, io, signal }, options) => {
    const courses = await everything(client.list('listCourses', { signal }))
    report(io, options, { courses }, () =>
      courses.length === 0
        ? 'You neither teach nor take a course.'
        : columns(
            [
              ['course', 'you are', 'created (UTC)'],
              ...courses.map(({ course, role, createdAt }) => [course, role ?? '', minutes(createdAt)]),
            ],
            { left: [0, 1, 2] },
          ),
    )
  })
}

function showCommand(cli: Cli): Command {
  const command = new Command('show')
    .description('Show who teaches a course, how many take it, and which assignments are out.')
    .argument('<course>')
  return serverCommand(cli, command, async ({ client, io, signal }, options, course: string) => {
    const [facts, members, assignments] = await Promise.all([
      client.call('getCourse', { path: { course }, signal }),
      everything(client.list('listMembers', { path: { course }, signal })),
      everything(client.list('listAssignments', { query: { course }, signal })),
    ])
    const named = (role: string) => members.filter(member => member.role === role).map(({ user }) => user)
    const [instructors, students] = [named('instructor'), named('student')]
    report(io, options, { ...facts, instructors, students, assignments }, () =>
      [
        `${printable(facts.course)}, since ${minutes(facts.createdAt)}`,
        `instructors: ${instructors.length === 0 ? 'none' : instructors.map(printable).join(', ')}`,
        // students see nobody but themselves
        ...(facts.role === 'student' ? [] : [counted(students.length, 'student')]),
        ...(assignments.length === 0 ? ['no assignment is out'] : ['']),
        ...(assignments.length === 0
          ? []
          : [
              columns(
                [
                  ['assignment', 'version', 'released (UTC)'],
                  ...assignments.map(({ assignment, release }) => [
                    assignment,
                    `${release.version}`,
                    minutes(release.releasedAt),
                  ]),
                ],
                { left: [0, 2] },
              ),
            ]),
      ].join('\n'),
    )
  })
}

interface CreateOptions extends ServerOptions {
  readonly instructor?: readonly string[]
}

function createCommand(cli: Cli): Command {
  const command = new Command('create')
    .description('Create a course; for admins.')
    .argument('<course>', 'its name, as nbgrader has it: CourseDirectory.course_id')
    .option('--instructor <NAME>', 'who teaches it; may be repeated', repeated)
  return serverCommand(
    cli,
    command,
    async ({ client, io, signal }, { instructor = [], ...options }: CreateOptions, course: string) => {
      const made = await client.call('createCourse', { body: { course, instructors: instructor }, signal })
      const who = instructor.length === 0 ? 'nobody yet' : instructor.join(', ')
      report(io, options, made, () => `${course} is there; it is taught by ${who}.`)
    },
  )
}

interface DeleteOptions extends ServerOptions {
  readonly yes: boolean
}

function deleteCommand(cli: Cli): Command {
  const command = new Command('delete')
    .description(
      'Delete a course; for admins. It is kept for the retention period, and `ngshare hidden restore` brings it back.',
    )
    .argument('<course>')
    .option('--yes', 'do it without asking', false)
  return serverCommand(
    cli,
    command,
    async ({ client, io, signal }, options: DeleteOptions, course: string) => {
      await client.call('getCourse', { path: { course }, signal })
      await confirm(`Delete the course ${printable(course)}, with all that is in it?`, options)
      await client.call('hideCourse', { path: { course }, signal })
      const back = `on the server, \`ngshare hidden restore ${course}\` brings it back`
      report(io, options, { deleted: course }, () => `${course} is deleted; ${back}.`)
    },
  )
}
