/** Files that are sent ahead of their tree. */
import { Type } from 'typebox'
import { BlobStaging } from '../../content/staging.ts'
import { Refusal, TooLarge } from '../../domain/errors.ts'
import type { CourseRef } from '../../exchange/exchange.ts'
import { listMissing, mayUpload, uploadFile } from '../../exchange/uploads.ts'
import type { V2App, V2Context } from './api.ts'
import { callerOf } from './callers.ts'
import { takesManifest } from './large-bodies.ts'
import { answers, nothing, ofCourse, ofUsers } from './routes.ts'
import { Missing, MissingQuery, Name } from './schemas.ts'

const tags = ['uploads']

export function registerUploads(app: V2App, { exchange, limits }: V2Context): void {
  app.post(
    '/courses/:course/uploads/missing',
    {
      ...ofUsers,
      ...takesManifest(limits, request => {
        return mayUpload(exchange, { caller: callerOf(request), ...(request.params as CourseRef) })
      }),
      schema: {
        operationId: 'listMissing',
        summary: 'Which of these files must be sent before a tree of them can be stored in the assignment',
        tags,
        params: ofCourse,
        body: MissingQuery,
        response: answers({ 200: Missing }),
      },
    },
    async request => {
      const { assignment, files: sha256s } = request.body
      const input = { caller: callerOf(request), ...request.params, assignment, sha256s }
      return { missing: await listMissing(exchange, input) }
    },
  )

  app.put(
    '/courses/:course/uploads/:sha256',
    {
      ...ofUsers,
      schema: {
        operationId: 'uploadFile',
        summary: 'Send one file; it is kept for a day, until the tree that it belongs to comes',
        tags,
        params: Type.Object({ course: Name, sha256: Type.String({ pattern: '^[0-9a-f]{64}$' }) }),
        consumes: ['application/octet-stream'],
        response: answers({ 204: nothing }),
      },
    },
    async (request, reply) => {
      const caller = callerOf(request)
      const { course, sha256 } = request.params
      await mayUpload(exchange, { caller, course })
      await request.visit?.invite()
      const staging = new BlobStaging(exchange.content)
      try {
        const body: AsyncIterable<Buffer> = request.raw.iterator({ destroyOnReturn: false })
        for await (const chunk of body) {
          staging.write(chunk)
          if (staging.sizeBytes > limits.maxFileBytes)
            throw new TooLarge('bytes for a file', limits.maxFileBytes)
          await staging.drain()
        }
        const blob = await staging.finish()
        if (blob.sha256 !== sha256) throw new Refusal('checksum-mismatch')
        const maxWaitingBytes = 2 * (limits.maxTreeBytes ?? limits.maxBodyBytes)
        await uploadFile(exchange, { caller, course, blob, maxWaitingBytes })
      } finally {
        request.raw.resume() // what is left of a refused body is read away, or its connection would stay for good
        await staging.discard()
      }
      return reply.code(204).send(null)
    },
  )
}
