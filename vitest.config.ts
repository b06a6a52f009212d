import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: ['{src,agent}/**/*.test.ts', 'test/*.test.ts', 'test/{contracts,scenarios}/**/*.test.ts'],
          // A busy machine must not fail a test of many runs; one that hangs still ends.
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          name: 'e2e',
          include: ['test/e2e/**/*.test.ts'],
          testTimeout: 240_000,
          hookTimeout: 60_000,
          // Each file runs a whole installation, and most of them several.
          fileParallelism: false,
        },
      },
      {
        test: {
          name: 'emulators',
          include: ['test/emulators/**/*.test.ts'],
          globalSetup: 'test/emulators/global-setup.ts',
          // One moto for all: a file resets it.
          fileParallelism: false,
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
    ],
  },
});
