/** Certificates for servers under test, made by OpenSSL, which signs each with its own key. */
import { type ExecFileOptions, execFile } from 'node:child_process'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** `names` as OpenSSL writes them: `IP:127.0.0.1`, `DNS:example.org`. */
export async function makeCertificate(
  files: { readonly key: string; readonly certificate: string },
  { names, ...how }: { names: readonly string[] } & ExecFileOptions,
): Promise<void> {
  const subject = ['-subj', '/CN=ngshare tests', '-addext', `subjectAltName = ${names.join(', ')}`]
  const output = ['-nodes', '-keyout', files.key, '-out', files.certificate]
  await run('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-days', '2', ...subject, ...output], how)
}
