/** What the doctor is given of the server by whoever composes the program. */
import type { Config } from '../../config/config.ts'

export interface ServerAccess {
  /** As the server reads its options and its environment. @throws ConfigMistakes; CommanderError for help that was shown */
  readSettings(args: readonly string[], environment: Environment): Config | null
  /** The newest migration that this program knows. */
  readonly newestSchema: string
  hub(options: HubOptions): HubProbe
}

export type Environment = Readonly<Record<string, string | undefined>>

export type HubOptions = Extract<Config['mode'], { kind: 'service' }>['hub']

/** See `auth/hub/probe.ts`. */
export interface HubProbe {
  version(): Promise<string>
  clock(): Promise<{ hubMs: number; ownMs: number; roundTripMs: number } | null>
  self(): Promise<{ kind: 'user' | 'service'; name: string; scopes: readonly string[] | null } | null>
  readsGroups(): Promise<boolean>
  registeredPrefix(): Promise<string | null>
  close(): Promise<void>
}
