/** How PostgreSQL goes about a statement, when it must use indexes wherever there are some. */
import type pg from 'pg'
import { growing } from './plans.ts'

/** In small tables it would read all, and rightly so: what counts here is whether it could do otherwise. */
export const asIfLarge = `
  set enable_seqscan = off;
  set enable_bitmapscan = off;
  set enable_hashjoin = off;
  set enable_mergejoin = off;
  set plan_cache_mode = force_generic_plan`

interface Step {
  readonly 'Node Type': string
  readonly 'Relation Name'?: string
  readonly 'Index Name'?: string
  readonly 'Index Cond'?: string
  readonly Filter?: string
  readonly Plans?: readonly Step[]
}

/** The steps of its plan that read a growing table, or an index of it, from one end to the other. */
export async function scansOf(client: pg.Client, statement: string): Promise<string[]> {
  const count = new Set(statement.match(/\$\d+/g) ?? []).size
  await client.query(`prepare explained as ${statement}`)
  const values = count === 0 ? '' : `(${Array(count).fill('null').join(', ')})`
  const { rows } = await client.query(`explain (format json) execute explained${values}`)
  await client.query('deallocate explained')
  const [{ Plan: plan }] = rows[0]['QUERY PLAN'] as [{ Plan: Step }]
  return scansIn(plan, { above: null, firstColumns: await firstColumns(client) })
}

/** Of every index. */
async function firstColumns(client: pg.Client): Promise<ReadonlyMap<string, string>> {
  const { rows } = await client.query<{ index: string; column: string }>(
    `select relname as index, attname as column from pg_index
     join pg_class on pg_class.oid = indexrelid
     join pg_attribute on attrelid = indrelid and attnum = indkey[0]`,
  )
  return new Map(rows.map(({ index, column }) => [index, column]))
}

interface Place {
  readonly above: Step | null
  readonly firstColumns: ReadonlyMap<string, string>
}

function scansIn(step: Step, place: Place): string[] {
  const below = (step.Plans ?? []).flatMap(inner => scansIn(inner, { ...place, above: step }))
  const table = step['Relation Name'] ?? ''
  if (!/ Scan$/.test(step['Node Type']) || !growing.has(table) || !readsAll(step, place)) return below
  return [`${step['Node Type']} ${step['Index Name'] ?? ''} on ${table}`, ...below]
}

function readsAll(step: Step, { above, firstColumns }: Place): boolean {
  // The first of all, in the order of the index.
  if (above?.['Node Type'] === 'Limit' && step.Filter === undefined) return false
  const { 'Index Name': index = '', 'Index Cond': condition, Filter: filter = '' } = step
  if (condition === undefined) return true
  // From a row to the last one, for what could have been found by an index.
  if (/^\(id > \S+\)$/.test(condition) && / = /.test(filter)) return true
  // It may look for a later column through a whole index.
  return !new RegExp(`\\b${firstColumns.get(index)}\\b`).test(condition)
}
