/** The page at the prefix in service mode: who you are, and what you have here. */
import { renderPage } from './page.tsx'

export function renderHomePage(input: {
  prefix: string
  userName: string
  isAdmin: boolean
  courses: readonly string[]
  xsrfToken: string | null
}): string {
  const { prefix, userName, isAdmin, courses, xsrfToken } = input
  return renderPage({
    title: 'ngshare',
    icon: `${prefix}favicon.ico`,
    xsrfToken,
    children: (
      <>
        <header>
          <img src={`${prefix}favicon.ico`} alt="" />
          <h1>ngshare</h1>
        </header>
        <p>
          The exchange for nbgrader classes is running. You are <b>{userName}</b>
          {isAdmin && ', an admin of it'}.
        </p>
        <h2>{isAdmin ? 'All courses' : 'Your courses'}</h2>
        {courses.length === 0 && <p>None yet.</p>}
        <ul>
          {courses.map(course => (
            <li key={course}>
              <a href={`${prefix}assignments/${encodeURIComponent(course)}`}>{course}</a>
            </li>
          ))}
        </ul>
        {xsrfToken !== null && (
          <form method="post" action={`${prefix}logout`} class="plain">
            <input type="hidden" name="_xsrf" value={xsrfToken} />
            <button type="submit">Log out</button>
          </form>
        )}
      </>
    ),
  })
}
