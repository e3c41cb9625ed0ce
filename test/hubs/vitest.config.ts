import { defineConfig } from 'vitest/config'

// A project for each version of the hub: `npx vitest run --config test/hubs/vitest.config.ts --project jupyterhub-5`.
const everyHub = ['managed', 'people', 'sub-path']
const tests: Record<string, string[]> = {
  // Hub 6.1.1 itself cannot start a managed service with internal TLS: it greets it with a server's TLS context.
  6: [...everyHub, 'outages', 'groups', 'chromium', 'subdomains'],
  5: [...everyHub, 'outages', 'groups', 'chromium', 'internal-ssl'],
  // Up to hub 4 all services share one subdomain.
  4: [...everyHub, 'internal-ssl', 'subdomains'],
  3: [...everyHub, 'internal-ssl'],
}

export default defineConfig({
  test: {
    pool: 'forks',
    // Two cores; and each of these workers waits for a hub most of the time.
    maxWorkers: 3,
    projects: Object.entries(tests).map(([version, names]) => ({
      test: {
        name: `jupyterhub-${version}`,
        root: import.meta.dirname,
        include: names.map(name => `${name}.hubs.ts`),
        env: { HUB_VERSION: version },
        testTimeout: 60_000,
        hookTimeout: 90_000,
      },
    })),
  },
})
