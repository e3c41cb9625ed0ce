/** v2: resources in JSON, described by an OpenAPI document, at `v2/` below the prefix. This file is its table of contents. */
import swagger from '@fastify/swagger'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { FastifyInstance } from 'fastify'
import type { Authenticator } from '../../auth/authenticator.ts'
import type { Exchange } from '../../exchange/exchange.ts'
import type { Admission } from '../admission/admission.ts'
import { Overloaded } from '../admission/overloaded.ts'
import type { FormLimits } from '../form/form.ts'
import type { createTroubleLog } from '../trouble-log.ts'
import { registerAssignments } from './assignments.ts'
import { identifyCallers } from './callers.ts'
import { registerCourses } from './courses.ts'
import { describeApi, registerDocument } from './document.ts'
import { registerEvents } from './events.ts'
import { registerMembers } from './members.ts'
import { watchMethods } from './methods.ts'
import { PathNotFound, sendProblem } from './problems.ts'
import { registerService } from './service.ts'
import { registerSubmissions } from './submissions.ts'
import { registerUploads } from './uploads.ts'
import { holdToSchemas } from './validation.ts'

export interface V2Context {
  readonly exchange: Exchange
  readonly authenticator: Authenticator
  readonly admission: Admission
  readonly limits: FormLimits
  readonly prefix: string
  readonly version: string
  readonly tellTrouble: ReturnType<typeof createTroubleLog>
}

/** The scope in which its routes are declared. */
export type V2App = Parameters<FastifyPluginAsyncTypebox>[0]

export function registerV2(app: FastifyInstance, context: V2Context): void {
  const prefix = `${context.prefix}v2`
  app.register(
    async (scope: V2App) => {
      await scope.register(swagger, describeApi(context))
      scope.setErrorHandler((error, request, reply) => {
        sendProblem(reply, error, `${prefix}/`)
        if (reply.statusCode >= 500 && !(error instanceof Overloaded))
          context.tellTrouble(request.log, error, 'a request of the second API failed')
      })
      scope.setNotFoundHandler(() => {
        throw new PathNotFound()
      })
      holdToSchemas(scope)
      const refuseOtherMethods = watchMethods(scope)
      identifyCallers(scope, context)
      registerService(scope, context)
      registerCourses(scope, context)
      registerMembers(scope, context)
      registerAssignments(scope, context)
      registerSubmissions(scope, context)
      registerUploads(scope, context)
      registerEvents(scope, context)
      registerDocument(scope, context)
      refuseOtherMethods()
    },
    { prefix },
  )
}
