/** A page that says one thing, and offers one way on. */
import { renderPage } from './page.tsx'

export function renderMessagePage(input: {
  prefix: string
  title: string
  text: string
  link?: { url: string; label: string }
}): string {
  const { prefix, title, text, link } = input
  return renderPage({
    title: `${title} · ngshare`,
    icon: `${prefix}favicon.ico`,
    children: (
      <>
        <header>
          <img src={`${prefix}favicon.ico`} alt="" />
          <h1>{title}</h1>
        </header>
        <p>{text}</p>
        {link !== undefined && (
          <p>
            <a href={link.url}>{link.label}</a>
          </p>
        )}
      </>
    ),
  })
}
