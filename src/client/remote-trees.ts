/** Directory trees on the server: a release, a submission, the feedback to one. */
import type { Client } from './client.ts'
import type { Manifest } from './operations.ts'

export interface RemoteTree {
  manifest(): Promise<Manifest>
  /** The bytes of one file. */
  read(path: string): AsyncIterable<Uint8Array>
}

export function releaseTree(
  client: Client,
  {
    signal,
    ...path
  }: { course: string; assignment: string; version: number; signal?: AbortSignal | undefined },
): RemoteTree {
  return {
    manifest: () => client.call('getReleaseManifest', { path, signal }),
    read: file => client.read('getReleaseFile', { path, query: { path: file }, signal }),
  }
}

export function submissionTree(
  client: Client,
  { signal, ...path }: { submission: string; signal?: AbortSignal | undefined },
): RemoteTree {
  return {
    manifest: () => client.call('getSubmissionManifest', { path, signal }),
    read: file => client.read('getSubmissionFile', { path, query: { path: file }, signal }),
  }
}

export function feedbackTree(
  client: Client,
  { signal, ...path }: { submission: string; signal?: AbortSignal | undefined },
): RemoteTree {
  return {
    manifest: () => client.call('getFeedbackManifest', { path, signal }),
    read: file => client.read('getFeedbackFile', { path, query: { path: file }, signal }),
  }
}
