/** The tables of the database, for people. */
import { renderPage } from './page.tsx'

type Tables = Readonly<Record<string, readonly Readonly<Record<string, unknown>>[]>>

export function renderDumpPage(tables: Tables): string {
  return renderPage({
    title: 'ngshare database',
    icon: 'favicon.ico',
    children: (
      <>
        <h1>The database</h1>
        {Object.entries(tables).map(([name, rows]) => (
          <section key={name}>
            <h2>{name}</h2>
            <Table rows={rows} />
          </section>
        ))}
      </>
    ),
  })
}

function Table({ rows }: { rows: Tables[string] }) {
  const columns = Object.keys(rows[0] ?? {})
  return (
    <div class="scroll">
      <table>
        <thead>
          <tr>
            {columns.map(column => (
              <th key={column}>{column}</th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row, position) => (
            <tr key={position}>
              {columns.map(column => (
                <td key={column}>
                  {row[column] === null ? <i class="nothing">null</i> : String(row[column])}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}
