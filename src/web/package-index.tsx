/** An index of Python packages, for pip: a page of links. */
import { renderToString } from 'preact-render-to-string'

export function renderPackageIndex(link: { url: string; label: string }): string {
  const page = (
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="pypi:repository-version" content="1.0" />
        <title>Python packages</title>
      </head>
      <body>
        <a href={link.url}>{link.label}</a>
      </body>
    </html>
  )
  return `<!doctype html>\n${renderToString(page)}\n`
}
