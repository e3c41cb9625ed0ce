/** `assignments/<course>` and `assignment/<course>/<assignment>`. */
import {
  fetchAssignment,
  hideAssignment,
  listAssignments,
  mayReleaseAssignment,
  releaseAssignment,
} from '../../exchange/assignments.ts'
import type { Exchange } from '../../exchange/exchange.ts'
import { TreeAnswer } from './answer.ts'
import { isTrue } from './invalid-argument.ts'
import type { ApiRequest, Operation } from './operation.ts'
import { uploadedTree } from './upload.ts'

export function getAssignments(exchange: Exchange): Operation {
  return {
    access: 'user',
    handle: async ({ caller, ids }) => ({
      assignments: await listAssignments(exchange, { caller, course: ids.course }),
    }),
  }
}

export function getAssignment(exchange: Exchange): Operation {
  return {
    access: 'user',
    async handle(request) {
      const listOnly = isTrue(await request.form.argument('list_only'))
      return new TreeAnswer({
        tree: await fetchAssignment(exchange, assignmentOf(request)),
        content: !listOnly,
      })
    },
  }
}

/** With `overwrite=true` (ours; the old server had no way) it replaces the released files, and only those. */
export function postAssignment(exchange: Exchange): Operation {
  return {
    access: 'user',
    async handle(request) {
      await mayReleaseAssignment(exchange, { ...assignmentOf(request), overwrite: true })
      return release(exchange, request, { overwrite: isTrue(await request.form.argument('overwrite')) })
    },
  }
}

/** Ours: releases the files, whether or not the assignment is out already. */
export function putAssignment(exchange: Exchange): Operation {
  return { access: 'user', handle: request => release(exchange, request, { overwrite: true }) }
}

export function deleteAssignment(exchange: Exchange): Operation {
  return {
    access: 'user',
    async handle(request) {
      await hideAssignment(exchange, assignmentOf(request))
      return {}
    },
  }
}

async function release(exchange: Exchange, request: ApiRequest, { overwrite }: { overwrite: boolean }) {
  const input = { ...assignmentOf(request), overwrite }
  const check = () => mayReleaseAssignment(exchange, input)
  const tree = await uploadedTree(request.form, { alsoFromQuery: true, check })
  await releaseAssignment(exchange, { ...input, tree })
  return {}
}

function assignmentOf({ caller, ids }: ApiRequest) {
  return { caller, course: ids.course, assignment: ids.assignment }
}
