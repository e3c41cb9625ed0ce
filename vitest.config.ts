import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['src/**/*.test.ts', 'test/**/*.test.ts'],
    globalSetup: ['test/support/postgres-setup.ts', 'test/support/s3-setup.ts'],
    testTimeout: 30_000,
    hookTimeout: 30_000,
  },
})
