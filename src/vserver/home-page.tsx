/** The page at `/`: what this is, and sample calls as links. */
import { renderPage } from '../web/page.tsx'

/** None of them changes anything: browsers follow links before anyone clicks. */
const samples: readonly { title: string; links: readonly string[] }[] = [
  {
    title: 'The file system',
    links: [
      '/ls?pathname=/',
      '/walk?pathname=/',
      '/glob?pathname=/*',
      '/stat?pathname=/',
      '/exists?pathname=/',
      '/isdir?pathname=/',
      '/isfile?pathname=/',
      '/islink?pathname=/',
      '/ismount?pathname=/',
    ],
  },
  {
    title: 'The nbgrader API, with the test data',
    links: [
      '/api/courses?user=Kevin',
      '/api/assignments/course1?user=Kevin',
      '/api/assignment/course1/challenge?user=Lawrence',
      '/api/assignment/course1/challenge?user=Lawrence&list_only=true',
      '/api/submissions/course1/challenge?user=Kevin',
      '/api/submissions/course1/challenge/Lawrence?user=Lawrence',
      '/api/submission/course1/challenge/Lawrence?user=Kevin',
      '/api/feedback/course1/challenge/Lawrence?user=Lawrence&timestamp=2020-01-01%2000:00:00.000000',
    ],
  },
]

/** `origin`: how the caller reached us, for the examples. */
export function renderVserverPage({ origin }: { origin: string }): string {
  return renderPage({
    title: 'vserver',
    icon: '/favicon.ico',
    children: (
      <>
        <header>
          <img src="/favicon.ico" alt="" />
          <h1>vserver</h1>
        </header>
        <p>
          The prototype server for those who port a file-based exchange. Whoever asks is believed: it is for
          trying, never for a class.
        </p>
        {samples.map(({ title, links }) => (
          <section key={title}>
            <h2>{title}</h2>
            <ul>
              {links.map(link => (
                <li key={link}>
                  <a href={link}>
                    <code>{link}</code>
                  </a>
                </li>
              ))}
            </ul>
          </section>
        ))}
        <h2>Calls that change something</h2>
        <pre>
          {[
            `curl --get '${origin}/mkdir' --data-urlencode pathname=/hello`,
            `curl --get '${origin}/write' --data-urlencode pathname=/hello/world --data-urlencode content=aGVsbG8K`,
            `curl '${origin}/api/course/mine?user=Kevin' --data ''`,
            `curl '${origin}/api/submission/course1/challenge?user=Lawrence' --data-urlencode 'files=[{"path": "hello.txt", "content": "aGVsbG8K"}]'`,
          ].join('\n')}
        </pre>
      </>
    ),
  })
}
