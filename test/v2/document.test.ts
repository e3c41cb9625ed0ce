/** What the server says of its second API. */
import { Validator } from '@seriousme/openapi-schema-validator'
import { describe, expect, it } from 'vitest'
import { aService } from '../support/service.ts'

describe('the OpenAPI document', () => {
  it('is valid, and open to everyone', async () => {
    const service = await aService()
    const answer = await service.ask('GET', '/api/v2/openapi.json')
    expect(answer.status).toBe(200)
    const validator = new Validator()
    expect(await validator.validate(JSON.parse(answer.text))).toEqual({ valid: true })
    expect(validator.version).toBe('3.1')
  })

  it('says of every operation what it is called, what it does, and that it may fail', async () => {
    const service = await aService()
    const { paths } = (await service.ask('GET', '/api/v2/openapi.json')).json as unknown as {
      paths: Record<string, Record<string, Record<string, unknown>>>
    }
    const operations = Object.values(paths).flatMap(Object.values) as Record<string, unknown>[]
    expect(operations.length).toBeGreaterThan(30)
    const upload = operations.find(({ operationId }) => operationId === 'uploadFile')
    expect(upload).toMatchObject({ requestBody: { content: { 'application/octet-stream': {} } } })
    const archive = operations.find(({ operationId }) => operationId === 'getSubmissionArchive')
    expect(archive).toMatchObject({
      responses: { 200: { content: { 'application/zip': {}, 'application/x-tar': {} } } },
    })
    for (const operation of operations) {
      expect(operation).toMatchObject({ operationId: expect.any(String), summary: expect.any(String) })
      expect(operation.responses).toHaveProperty('4XX')
    }
    const names = operations.map(operation => operation.operationId)
    expect(new Set(names).size).toBe(names.length)
  })

  it('has a page for people, and what problems there are', async () => {
    const service = await aService()
    const page = await service.ask('GET', '/api/v2/docs')
    expect(page.headers['content-type']).toContain('text/html')
    expect(page.text).toContain('/api/v2/courses/{course}/members')
    const problems = await service.ask('GET', '/api/v2/problems')
    expect(problems.text).toContain('key-reused')
  })
})
