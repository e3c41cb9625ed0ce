/** What a browser keeps for us and can neither read nor change: encrypted JSON Web Tokens. */
import { hkdfSync } from 'node:crypto'
import { EncryptJWT, type JWTPayload, jwtDecrypt } from 'jose'

export interface Seal<Content extends object> {
  seal(content: Content, lifetimeSeconds: number): Promise<string>
  /** Null for what was not sealed by us, for this purpose, or not lately. */
  open(sealed: string | undefined): Promise<Content | null>
}

/** `purpose`: what was sealed for another one does not open. */
export function createSeal<Content extends object>(input: {
  secret: string
  purpose: string
}): Seal<Content> {
  const key = deriveKey(input)
  return {
    seal: (content, lifetimeSeconds) =>
      new EncryptJWT({ ...content } as JWTPayload)
        .setProtectedHeader({ alg: 'dir', enc: 'A256GCM' })
        .setExpirationTime(`${lifetimeSeconds} seconds`)
        .encrypt(key),
    async open(sealed) {
      if (sealed === undefined) return null
      try {
        const { payload } = await jwtDecrypt(sealed, key, {
          keyManagementAlgorithms: ['dir'],
          contentEncryptionAlgorithms: ['A256GCM'],
        })
        return payload as unknown as Content
      } catch {
        return null
      }
    },
  }
}

/** 256 bits for one purpose. */
export function deriveKey({ secret, purpose }: { secret: string; purpose: string }): Uint8Array {
  return new Uint8Array(hkdfSync('sha256', secret, '', `ngshare ${purpose}`, 32))
}
