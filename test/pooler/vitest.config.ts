import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/pooler/**/*.pooler.ts'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
})
