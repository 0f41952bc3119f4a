import { defineConfig } from 'vitest/config'

// The engines' conformance needs four real daemons; .ci/run starts them and sets IMGTAR_ENGINES=1.
const engines = process.env.IMGTAR_ENGINES === '1' ? [] : ['test/conformance/engines/**']

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['node_modules/**', ...engines],
    pool: 'forks',
    testTimeout: 120_000,
    hookTimeout: 120_000,
    coverage: { provider: 'v8', include: ['src/**'] },
  },
})
