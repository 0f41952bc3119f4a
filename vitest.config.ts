import { defineConfig } from 'vitest/config'

// The engines' conformance needs four real daemons; .ci/run starts them and sets IMGTAR_ENGINES=1;
// IMGTAR_ENGINES=all tries every archive that the engines load, which takes long.
const engines = ['1', 'all'].includes(process.env.IMGTAR_ENGINES ?? '') ? [] : ['test/conformance/engines/**']

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
