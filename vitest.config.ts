import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['src/**/*.test.ts', 'test/**/*.test.ts'],
    globalSetup: ['test/support/postgres-setup.ts', 'test/support/s3-setup.ts'],
    testTimeout: 30_000,
    hookTimeout: 30_000,
    // What happens in the background, once a second: vitest gives up after one second by itself.
    expect: { poll: { timeout: 10_000 } },
  },
})
