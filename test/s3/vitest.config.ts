import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    globalSetup: ['test/support/s3-setup.ts'],
    include: [
      'test/s3/**/*.s3.ts',
      // Those of the black-box suite that reach the files.
      ...['answers', 'bad-input', 'directory-trees', 'housekeeping', 'limits', 'pages', 'submissions'].map(
        name => `test/v1/${name}.test.ts`,
      ),
    ],
    testTimeout: 120_000,
    hookTimeout: 60_000,
    fileParallelism: false,
  },
})
