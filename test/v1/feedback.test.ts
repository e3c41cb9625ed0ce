/** `feedback/<course>/<assignment>/<student>`: what an instructor returns for one submission (contract §4). */
import { describe, expect, it } from 'vitest'
import { failure, success } from '../support/answers.ts'
import { aService } from '../support/service.ts'
import { fetched, file, listed } from '../support/trees.ts'

const path = 'feedback/course1/challenge/lawrence'
/** The submission of the test data that has feedback: file5. */
const timestamp = '2020-01-01 00:00:00.000000'
const files = [file('challenge.html', 'well done')]

describe('releasing feedback', () => {
  it('lets the student fetch it', async () => {
    const service = await aService({ testData: true })
    const submitted = await service.submission('lawrence', 'course1/challenge', [])
    expect(await service.as('kevin').post(path, { timestamp: submitted, files })).toMatchObject(success())
    for (const reader of ['lawrence', 'kevin', 'root']) {
      expect(await service.as(reader).get(path, { timestamp: submitted })).toMatchObject(
        success({ files: [fetched('challenge.html', 'well done')], timestamp: submitted }),
      )
    }
  })

  it('belongs to one submission: others have none, or their own', async () => {
    const service = await aService({ testData: true })
    const submitted = await service.submission('lawrence', 'course1/challenge', [])
    await service.as('kevin').post(path, { timestamp: submitted, files })
    expect(await service.as('lawrence').get(path, { timestamp })).toMatchObject(
      success({ files: [fetched('file5', '55555')], timestamp }),
    )
    const [, [, second] = ['', '']] = await service.submissions('kevin', 'course1/challenge')
    expect(await service.as('lawrence').get(path, { timestamp: second })).toMatchObject(
      success({ files: [], timestamp: second }),
    )
  })

  it('again replaces the whole set', async () => {
    const service = await aService({ testData: true })
    const kevin = service.as('kevin')
    expect(await kevin.post(path, { timestamp, files })).toMatchObject(success())
    expect(await kevin.get(path, { timestamp })).toMatchObject(
      success({ files: [fetched('challenge.html', 'well done')], timestamp }),
    )
    const other = [file('x', '1'), file('y', '2')]
    expect(await kevin.post(path, { timestamp, files: other })).toMatchObject(success())
    expect(await kevin.get(path, { timestamp })).toMatchObject(
      success({ files: [fetched('x', '1'), fetched('y', '2')], timestamp }),
    )
  })

  it('with an empty list takes it back', async () => {
    const service = await aService({ testData: true })
    const kevin = service.as('kevin')
    expect(await kevin.post(path, { timestamp, files: [] })).toMatchObject(success())
    expect(await kevin.get(path, { timestamp })).toMatchObject(success({ files: [], timestamp }))
  })

  it('may be done by an admin', async () => {
    const service = await aService({ testData: true })
    expect(await service.as('root').post(path, { timestamp, files })).toMatchObject(success())
  })

  it('may be for an instructor’s own submission', async () => {
    const service = await aService({ testData: true })
    const submitted = await service.submission('kevin', 'course1/challenge', [])
    const mine = 'feedback/course1/challenge/kevin'
    expect(await service.as('kevin').post(mine, { timestamp: submitted, files })).toMatchObject(success())
    expect(await service.as('kevin').get(mine, { timestamp: submitted, list_only: 'true' })).toMatchObject(
      success({ files: [listed('challenge.html', 'well done')], timestamp: submitted }),
    )
  })

  it('needs a timestamp, then one that can be read, then one of a submission, then files', async () => {
    const service = await aService({ testData: true })
    const post = (fields: object) => service.as('kevin').post(path, { ...fields })
    const bad = { files: 'no JSON' }
    const never = '2020-01-01 00:00:00.000001'
    expect(await post({})).toMatchObject(failure(400, 'Please supply timestamp'))
    expect(await post(bad)).toMatchObject(failure(400, 'Please supply timestamp'))
    expect(await post({ ...bad, timestamp: '' })).toMatchObject(failure(400, 'Time format incorrect'))
    expect(await post({ ...bad, timestamp: 'yesterday' })).toMatchObject(
      failure(400, 'Time format incorrect'),
    )
    expect(await post({ ...bad, timestamp: never })).toMatchObject(failure(404, 'Submission not found'))
    expect(await post({ timestamp })).toMatchObject(failure(400, 'Please supply files'))
    expect(await post({ ...bad, timestamp })).toMatchObject(failure(400, 'Files cannot be JSON decoded'))
  })

  it('asks whose it is before it asks for a timestamp', async () => {
    const service = await aService({ testData: true })
    const answer = await service.as('kevin').post('feedback/course1/challenge/nobody')
    expect(answer).toMatchObject(failure(404, 'Student not found'))
  })

  it.each([
    ['no files', undefined, 'Please supply files'],
    ['no JSON', '[', 'Files cannot be JSON decoded'],
    ['no list', {}, 'Incorrect request format'],
    ['a bad path', [...files, file('/x', 'x')], 'Illegal path'],
    ['bad base64', [...files, { path: 'x', content: 'x' }], 'Content cannot be base64 decoded'],
    ['a wrong checksum', [{ ...files[0], checksum: '0'.repeat(32) }], 'Checksum mismatch'],
  ])('with %s is refused, and the old feedback survives', async (_, bad, message) => {
    const service = await aService({ testData: true })
    const fields = bad === undefined ? { timestamp } : { timestamp, files: bad }
    expect(await service.as('kevin').post(path, fields)).toMatchObject(failure(400, message))
    expect(await service.as('lawrence').get(path, { timestamp })).toMatchObject(
      success({ files: [fetched('file5', '55555')], timestamp }),
    )
  })
})

describe('fetching feedback', () => {
  it('may ask for the names and checksums only', async () => {
    const service = await aService({ testData: true })
    expect(await service.as('lawrence').get(path, { timestamp, list_only: 'true' })).toMatchObject(
      success({ files: [listed('file5', '55555')], timestamp }),
    )
  })

  it('needs the timestamp of a submission', async () => {
    const service = await aService({ testData: true })
    const lawrence = service.as('lawrence')
    expect(await lawrence.get(path)).toMatchObject(failure(400, 'Please supply timestamp'))
    expect(await lawrence.get(path, { timestamp: '' })).toMatchObject(failure(400, 'Time format incorrect'))
    expect(await lawrence.get(path, { timestamp: 'yesterday' })).toMatchObject(
      failure(400, 'Time format incorrect'),
    )
    expect(await lawrence.get(path, { timestamp: '2020-01-01 00:00:00.000001' })).toMatchObject(
      failure(404, 'Submission not found'),
    )
  })

  it('of others is not for students', async () => {
    const service = await aService({ testData: true })
    const empty = { first_name: '', last_name: '', email: '' }
    await service.as('kevin').post('student/course1/marie', empty)
    expect(await service.as('marie').get(path, { timestamp })).toMatchObject(
      failure(403, 'Permission denied'),
    )
  })

  it('of one student never gives that of another, whatever the timestamp', async () => {
    const service = await aService({ testData: true })
    const empty = { first_name: '', last_name: '', email: '' }
    await service.as('kevin').post('student/course1/marie', empty)
    await service.submission('marie', 'course1/challenge', [])
    expect(await service.as('kevin').get('feedback/course1/challenge/marie', { timestamp })).toMatchObject(
      failure(404, 'Submission not found'),
    )
  })
})
