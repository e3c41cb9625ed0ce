import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    name: 'jupyterlab',
    root: import.meta.dirname,
    include: ['*.jupyterlab.ts'],
    pool: 'forks',
    // Two cores, and a JupyterLab for each person.
    maxWorkers: 2,
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
})
