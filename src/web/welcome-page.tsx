/** The page at the prefix: what this is, and sample calls that work with the test data. */
import { renderPage } from './page.tsx'

interface Sample {
  readonly title: string
  readonly method: 'get' | 'post'
  readonly path: string
  /** Who makes the call, of the test data. */
  readonly user: string
  readonly fields?: Readonly<Record<string, string>>
}

const oneFile = JSON.stringify([{ path: 'hello.txt', content: 'aGVsbG8K' }])

const samples: readonly Sample[] = [
  { title: 'List the courses of an instructor', method: 'get', path: 'courses', user: 'kevin' },
  { title: 'List the assignments of a course', method: 'get', path: 'assignments/course2', user: 'eric' },
  { title: 'Fetch an assignment', method: 'get', path: 'assignment/course1/challenge', user: 'lawrence' },
  {
    title: 'Submit an assignment',
    method: 'post',
    path: 'submission/course1/challenge',
    user: 'lawrence',
    fields: { files: oneFile },
  },
  { title: 'List the submissions', method: 'get', path: 'submissions/course1/challenge', user: 'kevin' },
  {
    title: 'Collect a submission',
    method: 'get',
    path: 'submission/course1/challenge/lawrence',
    user: 'kevin',
    fields: { list_only: 'true' },
  },
  {
    title: 'Fetch feedback',
    method: 'get',
    path: 'feedback/course1/challenge/lawrence',
    user: 'lawrence',
    fields: { timestamp: '2020-01-01 00:00:00.000000' },
  },
]

const debugActions: readonly Sample[] = [
  {
    title: 'Show the database',
    method: 'get',
    path: 'initialize-Data6ase',
    user: 'user',
    fields: { action: 'dump', 'human-readable': 'true' },
  },
  {
    title: 'Dump the database as JSON',
    method: 'get',
    path: 'initialize-Data6ase',
    user: 'user',
    fields: { action: 'dump' },
  },
  {
    title: 'Add the test data',
    method: 'post',
    path: 'initialize-Data6ase',
    user: 'user',
    fields: { action: 'init' },
  },
  {
    title: 'Clear the database',
    method: 'post',
    path: 'initialize-Data6ase',
    user: 'user',
    fields: { action: 'clear' },
  },
]

/** `origin`: how the caller reached us, for the example; `debug`: whether the debug actions work. */
export function renderWelcomePage(input: {
  prefix: string
  origin: string
  userName: string
  debug: boolean
}): string {
  const { prefix, origin, userName, debug } = input
  return renderPage({
    title: 'ngshare',
    icon: `${prefix}favicon.ico`,
    children: (
      <>
        <header>
          <img src={`${prefix}favicon.ico`} alt="" />
          <h1>ngshare</h1>
        </header>
        <p>
          The exchange for nbgrader classes is running. You are <b>{userName}</b>.
        </p>
        <pre>{`curl '${origin}${prefix}courses?user=kevin'`}</pre>
        <h2>Sample calls</h2>
        <p>They work with the test data.</p>
        <div class="samples">
          {samples.map(sample => (
            <SampleForm key={sample.title} prefix={prefix} sample={sample} />
          ))}
        </div>
        {debug && (
          <>
            <h2>Debug actions</h2>
            <div class="samples">
              {debugActions.map(sample => (
                <SampleForm key={sample.title} prefix={prefix} sample={sample} />
              ))}
            </div>
          </>
        )}
      </>
    ),
  })
}

function SampleForm({ prefix, sample }: { prefix: string; sample: Sample }) {
  const fields = { user: sample.user, ...sample.fields }
  return (
    <form method={sample.method} action={prefix + sample.path}>
      <strong>{sample.title}</strong>
      <div>
        <code>
          {sample.method.toUpperCase()} {prefix + sample.path}
        </code>
      </div>
      {Object.entries(fields).map(([name, value]) => (
        <label key={name}>
          {name}
          <input name={name} value={value} />
        </label>
      ))}
      <button type="submit">{sample.method === 'get' ? 'Get' : 'Send'}</button>
    </form>
  )
}
