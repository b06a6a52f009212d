import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: ['{src,agent}/**/*.test.ts', 'test/*.test.ts', 'test/{contracts,scenarios}/**/*.test.ts'],
        },
      },
      {
        test: { name: 'e2e', include: ['test/e2e/**/*.test.ts'], testTimeout: 240_000, hookTimeout: 60_000 },
      },
    ],
  },
});
