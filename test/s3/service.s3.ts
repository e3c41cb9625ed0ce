/** The real server on a real S3 store: how it starts, what it says in trouble, what it takes of memory and time. */
import { once } from 'node:events'
import { type ClientRequest, type IncomingMessage, request } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, describe, expect, it } from 'vitest'
import { type Classroom, openClassroom, teacher } from '../faults/classroom.ts'
import { formType } from '../faults/client.ts'
import { peakMemoryMb } from '../faults/memory.ts'
import { digestOf, OneFileReader } from '../faults/one-file-reader.ts'
import { bytesOf, formOf, formPieces, summaryOf, type Work } from '../faults/student-work.ts'
import { aWorld, placeOptions, runProgram, type Server, type World } from '../faults/world.ts'
import { aServerForTheFile } from './servers.ts'

const s3 = aServerForTheFile()
const student = 'student'

afterEach(() => s3().start())

function started(world: World, prefix: string): Promise<Server> {
  return world.start({ storage: s3().storage(prefix), environment: s3().environment })
}

describe('a start', () => {
  it.each([
    ['keys that the store does not know', { AWS_ACCESS_KEY_ID: 'nobody' }, '', 'AWS_ACCESS_KEY_ID'],
    ['a wrong secret', { AWS_SECRET_ACCESS_KEY: 'wrong-secret' }, '', 'AWS_SECRET_ACCESS_KEY'],
    ['a bucket that is not there', {}, 'no-such-bucket', 'there is no bucket no-such-bucket'],
  ])('with %s ends, and says what to do', async (_, environment, bucket, expected) => {
    const world = aWorld()
    const storage = s3()
      .storage('x')
      .replace('ngshare-tests', bucket || 'ngshare-tests')
    const args = ['--vngshare', '--port', '0', ...placeOptions({ database: world.database, storage })]
    const { code, complained } = await runProgram(args, { ...s3().environment, ...environment })
    expect(code).toBe(1)
    expect(complained).toContain(expected)
    expect(complained.trim().split('\n')).toHaveLength(1)
    expect(complained).not.toContain(s3().environment.AWS_SECRET_ACCESS_KEY)
  })

  it('without any keys ends, and says where they may be', async () => {
    const world = aWorld()
    const args = ['--vngshare', ...placeOptions({ database: world.database, storage: s3().storage('x') })]
    // Or else it would look for the role of a machine.
    const environment = { HOME: world.folder, AWS_EC2_METADATA_DISABLED: 'true' }
    const { code, complained } = await runProgram(args, environment)
    expect(code).toBe(1)
    expect(complained).toContain('there are no keys')
  })

  it('where nobody listens ends within half a minute', async () => {
    const world = aWorld()
    const storage = 's3://bucket/x?endpoint=http://127.0.0.1:1'
    const args = ['--vngshare', ...placeOptions({ database: world.database, storage })]
    const begun = performance.now()
    const { code, complained } = await runProgram(args, s3().environment)
    expect(code).toBe(1)
    expect(complained).toContain('cannot be reached')
    expect(performance.now() - begun).toBeLessThan(30_000)
  })
})

describe('a store that is away', () => {
  it('makes uploads fail with 503, leaves the rest alone, and is found again', {
    timeout: 180_000,
  }, async () => {
    const world = aWorld()
    const server = await started(world, 'away')
    const classroom = await openClassroom(server, { students: [student] })
    const large = [{ path: 'a', bytes: bytesOf('a', 300_000) }]
    const first = await classroom.submitted(student, large)
    await s3().stop()
    const answer = await classroom.submit(student, large.map(change))
    expect(answer.status).toBe(503)
    expect(answer.fields.message).toMatch(/^The server cannot reach its file storage/)
    // Later ones are told at once.
    const begun = performance.now()
    const { status, retryAfter } = await retryAfterOf(server, formOf(large.map(change)))
    expect({ status, retryAfter }).toEqual({
      status: 503,
      retryAfter: expect.stringMatching(/^\d+$/) as unknown,
    })
    expect(performance.now() - begun).toBeLessThan(5000)
    expect(await readiness(server)).toMatchObject({ status: 503, content: 'failed', database: 'ok' })
    expect((await classroom.submit(student, [{ path: 'a', bytes: bytesOf('small', 1000) }])).status).toBe(200)
    expect(await classroom.list()).toHaveLength(2)
    await s3().start()
    expect(await readiness(server)).toMatchObject({ status: 200, content: 'ok' })
    expect((await classroom.submit(student, large.map(change))).status).toBe(200)
    expect(await classroom.summary({ student_id: student, timestamp: first })).toBe(summaryOf(large))
    expect(server.log).toContain('cannot be reached')
    expect(server.log).not.toContain(s3().environment.AWS_SECRET_ACCESS_KEY)
    expect(server.log).not.toMatch(/authorization|Signature=/i)
    expect((await server.stop()).code).toBe(0)
  })
})

const change = ({ path, bytes }: Work[number]) => ({ path, bytes: Buffer.concat([bytes, Buffer.from('!')]) })

describe('a submission of 50 MB', () => {
  it('takes no more than 200 MB of memory, and comes back byte for byte', async () => {
    const server = await started(aWorld(), 'large')
    const classroom = await openClassroom(server, { students: [student] })
    const bytes = bytesOf('a recording', 50_000_000)
    expect(await statusOf(classroom, [...formPieces([{ path: 'recording', bytes }])])).toBe(200)
    const uploadedMb = peakMemoryMb(server)
    const sent = classroom.client.open('GET', `submission/course/homework/${student}`, teacher).end()
    const [answer] = (await once(sent, 'response')) as [IncomingMessage]
    const reader = new OneFileReader()
    for await (const chunk of answer) reader.read(chunk as Buffer)
    expect(reader.digest()).toEqual(digestOf(bytes))
    console.info(
      `50 MB: ${uploadedMb} MB resident after the upload, ${peakMemoryMb(server)} MB after the download`,
    )
    expect(uploadedMb).toBeLessThanOrEqual(200)
    // Of one server that has done both.
    expect(peakMemoryMb(server)).toBeLessThanOrEqual(240)
  })
})

describe('speed beside a folder', () => {
  it('is told', { timeout: 240_000 }, async () => {
    for (const where of ['folder', 'S3']) {
      const world = aWorld()
      const server = await (where === 'S3' ? started(world, `speed-${Math.random()}`) : world.start())
      const classroom = await openClassroom(server, { students: [student] })
      const submit = (size: number) => async (number: number) =>
        expect(
          (await classroom.submit(student, [{ path: 'a', bytes: bytesOf(`${number}`, size) }])).status,
        ).toBe(200)
      const oneMb = await rate({ count: 60, atOnce: 8 }, submit(1_000_000))
      const fiftyMb = await rate({ count: 3, atOnce: 1 }, submit(50_000_000))
      const [some] = await classroom.list()
      expect(some).toBeDefined()
      const release = formOf([{ path: 'data', bytes: bytesOf('released', 1_000_000) }])
      expect((await classroom.client.post('assignment/course/one', teacher, release)).status).toBe(200)
      const fetched = await rate({ count: 100, atOnce: 8 }, async () => {
        expect((await classroom.client.get('assignment/course/one', student)).status).toBe(200)
      })
      console.info(
        `${where}: submit 1 MB ${oneMb.toFixed(0)}/s, 50 MB ${fiftyMb.toFixed(2)}/s, fetch 1 MB ${fetched.toFixed(0)}/s`,
      )
    }
  })
})

/** How often a second. */
async function rate(
  { count, atOnce }: { count: number; atOnce: number },
  work: (number: number) => Promise<void>,
): Promise<number> {
  const begun = performance.now()
  let next = 0
  const lane = async () => {
    while (next < count) await work(next++)
  }
  await Promise.all(Array.from({ length: atOnce }, lane))
  return (1000 * count) / (performance.now() - begun)
}

async function readiness(server: Server): Promise<Record<string, unknown>> {
  for (let tries = 0; ; tries++) {
    const answer = await fetch(new URL('/readyz', server.home))
    const found = { status: answer.status, ...((await answer.json()) as object) }
    if (answer.status === 503 || tries === 20 || found.status === 200) return found
    await sleep(200)
  }
}

async function retryAfterOf(server: Server, form: Buffer): Promise<{ status: number; retryAfter: unknown }> {
  const url = new URL(`submission/course/homework?user=${student}`, server.home)
  const headers = { 'content-type': formType, 'content-length': form.length }
  const sent = request(url, { method: 'POST', headers }).end(form)
  const [answer] = (await once(sent, 'response')) as [IncomingMessage]
  answer.resume()
  return { status: answer.statusCode ?? 0, retryAfter: answer.headers['retry-after'] }
}

async function statusOf(classroom: Classroom, pieces: readonly Buffer[]): Promise<number> {
  const length = pieces.reduce((sum, piece) => sum + piece.length, 0)
  const sent: ClientRequest = classroom.client.open('POST', 'submission/course/homework', student, {
    'content-type': formType,
    'content-length': length,
  })
  const answered = once(sent, 'response') as Promise<[IncomingMessage]>
  for (const piece of pieces) if (!sent.write(piece)) await once(sent, 'drain')
  sent.end()
  const [answer] = await answered
  answer.resume()
  return answer.statusCode ?? 0
}
