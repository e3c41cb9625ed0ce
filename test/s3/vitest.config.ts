import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/s3/**/*.s3.ts'],
    testTimeout: 120_000,
    hookTimeout: 60_000,
    fileParallelism: false,
  },
})
