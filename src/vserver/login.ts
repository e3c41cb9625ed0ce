/** Who is asking: whoever says so, if the exchange knows the name. */
import type { Caller, Exchange } from '../exchange/exchange.ts'
import { InvalidArgument } from '../http/compat/invalid-argument.ts'
import type { Form } from '../http/form/form.ts'

/** By the argument `user` of the query, else of the body. Creates nobody. @throws InvalidArgument: `Login required …` */
export async function logIn(
  exchange: Exchange,
  request: { query: URLSearchParams; form: Form; address: string },
): Promise<Caller> {
  const name = request.query.get('user') ?? (await request.form.bodyArgument('user'))
  if (name === undefined) throw new InvalidArgument('Login required (Please supply user)')
  if (!(await isKnown(exchange, name))) throw new InvalidArgument('Login required (User not found)')
  return { name, kind: 'user', isAdmin: false, address: request.address }
}

async function isKnown({ db }: Exchange, name: string): Promise<boolean> {
  const user = await db.read.selectFrom('users').select('id').where('name', '=', name).executeTakeFirst()
  return user !== undefined
}
