/** The frame of every page. */
import type { ComponentChildren } from 'preact'
import { renderToString } from 'preact-render-to-string'

const style = `
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; --line: #8884; --soft: #8881; --accent: #c2571a; }
body { max-width: 68rem; margin: 0 auto; padding: 1.5rem 1rem 4rem; }
header { display: flex; align-items: center; gap: .8rem; margin-bottom: 1rem; }
header img { width: 2.5rem; height: 2.5rem; }
h1 { font-size: 1.5rem; margin: 0; }
h2 { font-size: 1.15rem; margin: 2rem 0 .6rem; }
a { color: var(--accent); }
code, pre { font: .85rem/1.5 ui-monospace, monospace; background: var(--soft); border-radius: .3rem; }
code { padding: .1rem .3rem; }
pre { padding: .8rem 1rem; overflow-x: auto; }
.samples { display: grid; grid-template-columns: repeat(auto-fill, minmax(19rem, 1fr)); gap: 1rem; }
form { border: 1px solid var(--line); border-radius: .5rem; padding: .9rem 1rem; }
form strong { font-size: .95rem; }
form code { overflow-wrap: anywhere; }
label { display: block; font-size: .85rem; margin-top: .5rem; }
input { width: 100%; box-sizing: border-box; font: inherit; padding: .25rem .4rem; border: 1px solid var(--line); border-radius: .3rem; }
button { margin-top: .8rem; font: inherit; padding: .3rem .9rem; border: 0; border-radius: .3rem; background: var(--accent); color: #fff; cursor: pointer; }
.plain { border: 0; padding: 0; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; font-size: .85rem; }
th, td { border: 1px solid var(--line); padding: .25rem .6rem; text-align: left; }
th { background: var(--soft); }
.nothing { opacity: .5; }
`

/** A whole document. `icon`: where the favicon is. `xsrfToken`: what scripts of the page send back. */
export function renderPage(input: {
  title: string
  icon: string
  xsrfToken?: string | null
  children: ComponentChildren
}): string {
  const page = (
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>{input.title}</title>
        {input.xsrfToken && <meta name="xsrf-token" content={input.xsrfToken} />}
        <link rel="icon" href={input.icon} />
        <style dangerouslySetInnerHTML={{ __html: style }} />
      </head>
      <body>{input.children}</body>
    </html>
  )
  return `<!doctype html>\n${renderToString(page)}\n`
}
