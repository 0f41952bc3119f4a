import { execFileSync } from 'node:child_process'
import { expect, test } from 'vitest'

const MODULE = new URL('../../dist/cli/small-heap.js', import.meta.url).href

// Flags hold for a whole process: each gets one of its own.
function nurseryMegabytes(before: string): number {
  const program = `
    import { getHeapSpaceStatistics } from 'node:v8'
    import { Worker } from 'node:worker_threads'
    const { keepingHeapSmall } = await import(${JSON.stringify(MODULE)})
    ${before}
    const kept = []
    for (let at = 0; at < 1e6; at++) kept.push({ at })
    const nursery = getHeapSpaceStatistics().find((space) => space.space_name === 'new_space')
    console.log(nursery.space_size / 2 ** 20, kept.length)`
  const output = execFileSync(process.execPath, ['--input-type=module', '--eval', program], { encoding: 'utf8' })
  return Number(output.split(' ')[0])
}

test('keeps the nursery of V8 small before there is any progress', () => {
  expect(nurseryMegabytes('')).toBeGreaterThan(8)
  expect(nurseryMegabytes('keepingHeapSmall(() => undefined)')).toBeLessThan(8)
})

test('asks again while there is progress, as V8 forgets when a thread starts', () => {
  const program = `
    const hear = keepingHeapSmall(() => undefined)
    const worker = new Worker('', { eval: true, resourceLimits: { maxYoungGenerationSizeMb: 4 } })
    await new Promise((resolve) => worker.on('exit', resolve))
    await new Promise((resolve) => setTimeout(resolve, 30))
    hear({ task: 'merge', subject: '', done: 0 })`
  expect(nurseryMegabytes(program)).toBeLessThan(8)
})
