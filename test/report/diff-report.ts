import type { DiffReport } from '../../src/model/report.js'
import { describeDiff } from '../../src/ops/diff/report.js'
import { diffOf, rootfsOf } from '../ops/diff/support.js'
import type { LayerEntry } from '../support/layers.js'

/** The report of the diff of two images of one layer, with what a caller makes of it. */
export async function diffReport(
  a: readonly LayerEntry[],
  b: readonly LayerEntry[],
  { content, more = {} }: { readonly content?: string; readonly more?: Partial<DiffReport> } = {},
): Promise<DiffReport> {
  const diff = await diffOf([a], [b], content === undefined ? {} : { content })
  const opened = (location: string, layers: readonly LayerEntry[]) => ({
    archive: { location, format: 'rootfs', findings: [] },
    image: rootfsOf(layers),
  })
  return {
    schema: 'imgtar/diff/v1',
    tool: { name: 'imgtar', version: '0' },
    ok: false,
    ...describeDiff(diff, opened('a.tar', a), opened('b.tar', b)),
    shown: { as: 'list', all: false, fold: true, layers: false },
    ...more,
  }
}
