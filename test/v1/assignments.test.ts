/** `assignments/<course>` and `assignment/<course>/<assignment>`: releasing, fetching, replacing, hiding (contract §4). */
import { describe, expect, it } from 'vitest'
import { failure, success } from '../support/answers.ts'
import { aService } from '../support/service.ts'
import { fetched, file, listed, noise } from '../support/trees.ts'

const notebook = file('challenge.ipynb', '{"cells": []}')

describe('releasing an assignment', () => {
  it('lets students fetch its files', async () => {
    const service = await aService({ testData: true })
    const files = [notebook, file('data/x.csv', '1,2\n')]
    expect(await service.as('kevin').post('assignment/course1/new', { files })).toMatchObject(success())
    expect(await service.as('lawrence').get('assignment/course1/new')).toMatchObject(
      success({ files: [fetched('challenge.ipynb', '{"cells": []}'), fetched('data/x.csv', '1,2\n')] }),
    )
  })

  it('may be done by an admin', async () => {
    const service = await aService({ testData: true })
    expect(await service.as('root').post('assignment/course1/new', { files: [] })).toMatchObject(success())
  })

  it('may be without files', async () => {
    const service = await aService({ testData: true })
    expect(await service.as('kevin').post('assignment/course1/new', { files: [] })).toMatchObject(success())
    expect(await service.as('kevin').get('assignment/course1/new')).toMatchObject(success({ files: [] }))
  })

  it('needs files, even if empty', async () => {
    const service = await aService({ testData: true })
    const kevin = service.as('kevin')
    expect(await kevin.post('assignment/course1/new')).toMatchObject(failure(400, 'Please supply files'))
    expect(await kevin.get('assignments/course1')).toMatchObject(success({ assignments: ['challenge'] }))
  })

  it('refuses a name that is out, before it looks at the files', async () => {
    const service = await aService({ testData: true })
    const kevin = service.as('kevin')
    for (const fields of [{}, { files: 'no JSON' }, { files: [notebook] }]) {
      expect(await kevin.post('assignment/course1/challenge', fields)).toMatchObject(
        failure(409, 'Assignment already exists'),
      )
    }
    expect(await kevin.get('assignment/course1/challenge')).toMatchObject(
      success({ files: [fetched('file2', '22222')] }),
    )
  })

  it('of the same name in two courses makes two assignments', async () => {
    const service = await aService({ testData: true })
    expect(
      await service.as('abigail').post('assignment/course2/challenge', { files: [file('mine', 'abigail')] }),
    ).toMatchObject(success())
    expect(await service.as('lawrence').get('assignment/course1/challenge')).toMatchObject(
      success({ files: [fetched('file2', '22222')] }),
    )
    expect(await service.as('eric').get('assignment/course2/challenge')).toMatchObject(
      success({ files: [fetched('mine', 'abigail')] }),
    )
  })

  it('with a large file gives back the same bytes', async () => {
    const service = await aService({ testData: true })
    const large = noise(1_500_001)
    await service.as('kevin').post('assignment/course1/new', { files: [file('large.bin', large), notebook] })
    expect(await service.as('lawrence').get('assignment/course1/new')).toMatchObject(
      success({ files: [fetched('large.bin', large), fetched('challenge.ipynb', '{"cells": []}')] }),
    )
  })
})

describe('the list of assignments', () => {
  it('is in the order of release, for every member', async () => {
    const service = await aService()
    const assignments = { zebra: [notebook], '10': [], ant: [notebook] }
    await service.aCourse('math', { instructors: ['kevin'], students: ['marie'] })
    for (const [name, files] of Object.entries(assignments).toReversed()) {
      await service.as('kevin').post(`assignment/math/${name}`, { files })
    }
    for (const member of ['kevin', 'marie', 'root']) {
      expect(await service.as(member).get('assignments/math')).toMatchObject(
        success({ assignments: ['ant', 'zebra', '10'] }),
      )
    }
  })

  it('is empty in a new course', async () => {
    const service = await aService()
    await service.aCourse('math')
    expect(await service.as('root').get('assignments/math')).toMatchObject(success({ assignments: [] }))
  })
})

describe('fetching an assignment', () => {
  it('is for every member', async () => {
    const service = await aService({ testData: true })
    for (const member of ['kevin', 'lawrence', 'root']) {
      expect(await service.as(member).get('assignment/course1/challenge')).toMatchObject(
        success({ files: [fetched('file2', '22222')] }),
      )
    }
  })

  it('may ask for the names and checksums only', async () => {
    const service = await aService({ testData: true })
    expect(
      await service.as('lawrence').get('assignment/course1/challenge', { list_only: 'true' }),
    ).toMatchObject(success({ files: [listed('file2', '22222')] }))
  })

  it('fails where there is none', async () => {
    const service = await aService({ testData: true })
    for (const member of ['kevin', 'lawrence', 'root']) {
      expect(await service.as(member).get('assignment/course1/assignment2a')).toMatchObject(
        failure(404, 'Assignment not found'),
      )
    }
  })
})

describe('replacing the released files', () => {
  it.each(['overwrite=true', 'PUT'])('by %s leaves submissions and feedback alone', async way => {
    const service = await aService({ testData: true })
    const kevin = service.as('kevin')
    const files = [file('file2', 'corrected')]
    const before = await service.submissions('kevin', 'course1/challenge')
    const replaced =
      way === 'PUT'
        ? await kevin.put('assignment/course1/challenge', { files })
        : await kevin.post('assignment/course1/challenge', { files }, { query: { overwrite: 'true' } })
    expect(replaced).toMatchObject(success())
    expect(await service.as('lawrence').get('assignment/course1/challenge')).toMatchObject(
      success({ files: [fetched('file2', 'corrected')] }),
    )
    expect(await service.submissions('kevin', 'course1/challenge')).toEqual(before)
    const timestamp = '2020-01-01 00:00:00.000000'
    expect(await kevin.get('feedback/course1/challenge/lawrence', { timestamp })).toMatchObject(
      success({ files: [fetched('file5', '55555')], timestamp }),
    )
  })

  it('leaves the order of the list alone', async () => {
    const service = await aService({ testData: true })
    const abigail = service.as('abigail')
    expect(await abigail.put('assignment/course2/assignment2a', { files: [] })).toMatchObject(success())
    expect(await abigail.get('assignments/course2')).toMatchObject(
      success({ assignments: ['assignment2a', 'assignment2b'] }),
    )
  })

  it('releases what was not out yet', async () => {
    const service = await aService({ testData: true })
    const kevin = service.as('kevin')
    expect(await kevin.put('assignment/course1/one', { files: [notebook] })).toMatchObject(success())
    const overwrite = { query: { overwrite: 'true' } }
    expect(await kevin.post('assignment/course1/two', { files: [notebook] }, overwrite)).toMatchObject(
      success(),
    )
    expect(await kevin.get('assignments/course1')).toMatchObject(
      success({ assignments: ['challenge', 'one', 'two'] }),
    )
  })

  it('with bad files leaves the old ones', async () => {
    const service = await aService({ testData: true })
    const kevin = service.as('kevin')
    const files = [file('good', 'good'), file('/bad', 'bad')]
    expect(await kevin.put('assignment/course1/challenge')).toMatchObject(failure(400, 'Please supply files'))
    expect(await kevin.put('assignment/course1/challenge', { files })).toMatchObject(
      failure(400, 'Illegal path'),
    )
    expect(await kevin.get('assignment/course1/challenge')).toMatchObject(
      success({ files: [fetched('file2', '22222')] }),
    )
  })

  it.each(['false', 'True', '1', ''])('is not asked for by overwrite=%s', async overwrite => {
    const service = await aService({ testData: true })
    const answer = await service
      .as('kevin')
      .post('assignment/course1/challenge', { files: [] }, { query: { overwrite } })
    expect(answer).toMatchObject(failure(409, 'Assignment already exists'))
  })
})

describe('deleting an assignment', () => {
  it('takes it from every list and answer', async () => {
    const service = await aService({ testData: true })
    const kevin = service.as('kevin')
    expect(await kevin.delete('assignment/course1/challenge')).toMatchObject(success())
    expect(await kevin.get('assignments/course1')).toMatchObject(success({ assignments: [] }))
    for (const path of ['assignment', 'submissions']) {
      expect(await kevin.get(`${path}/course1/challenge`)).toMatchObject(failure(404, 'Assignment not found'))
    }
    for (const path of ['submissions', 'submission', 'feedback']) {
      expect(await service.as('lawrence').get(`${path}/course1/challenge/lawrence`)).toMatchObject(
        failure(404, 'Assignment not found'),
      )
    }
    expect(await service.as('lawrence').post('submission/course1/challenge', { files: [] })).toMatchObject(
      failure(404, 'Assignment not found'),
    )
    expect(await kevin.delete('assignment/course1/challenge')).toMatchObject(
      failure(404, 'Assignment not found'),
    )
  })

  it('keeps the work: released again, its submissions and feedback are there again', async () => {
    const service = await aService({ testData: true })
    const kevin = service.as('kevin')
    const before = await service.submissions('kevin', 'course1/challenge')
    await kevin.delete('assignment/course1/challenge')
    expect(await kevin.post('assignment/course1/challenge', { files: [notebook] })).toMatchObject(success())
    expect(await kevin.get('assignment/course1/challenge', { list_only: 'true' })).toMatchObject(
      success({ files: [listed('challenge.ipynb', '{"cells": []}')] }),
    )
    expect(await service.submissions('kevin', 'course1/challenge')).toEqual(before)
    const timestamp = '2020-01-01 00:00:00.000000'
    const lawrence = service.as('lawrence')
    expect(await lawrence.get('submission/course1/challenge/lawrence', { timestamp })).toMatchObject(
      success({ files: [fetched('file3', '33333')], timestamp }),
    )
    expect(await lawrence.get('feedback/course1/challenge/lawrence', { timestamp })).toMatchObject(
      success({ files: [fetched('file5', '55555')], timestamp }),
    )
  })

  it('puts it last in the list when it is released again', async () => {
    const service = await aService({ testData: true })
    const abigail = service.as('abigail')
    await abigail.delete('assignment/course2/assignment2a')
    expect(await abigail.get('assignments/course2')).toMatchObject(success({ assignments: ['assignment2b'] }))
    for (const release of [abigail.post, abigail.put]) {
      await abigail.delete('assignment/course2/assignment2a')
      expect(await release('assignment/course2/assignment2a', { files: [] })).toMatchObject(success())
      expect(await abigail.get('assignments/course2')).toMatchObject(
        success({ assignments: ['assignment2b', 'assignment2a'] }),
      )
    }
  })

  it('stays deleted when a new release is refused', async () => {
    const service = await aService({ testData: true })
    const kevin = service.as('kevin')
    await kevin.delete('assignment/course1/challenge')
    expect(await kevin.post('assignment/course1/challenge', { files: '{' })).toMatchObject(
      failure(400, 'Files cannot be JSON decoded'),
    )
    expect(await kevin.get('assignments/course1')).toMatchObject(success({ assignments: [] }))
  })
})
