import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { asDiffID, type DiffID } from '../../src/bytes/digest.js'
import { chainIDs } from '../../src/model/chain-id.js'

const diffID = (hex: string): DiffID => {
  const known = asDiffID(`sha256:${hex}`)
  if (known === undefined) throw new Error(`${hex} is no diffID`)
  return known
}

// As Docker's own documents show them (moby, image/spec/v1.x and the storage driver pages).
const DOCUMENTED: readonly (readonly [diffIDs: readonly string[], chainIDs: readonly string[]])[] = [
  [
    [
      '2edcec3590a4ec7f40cf0743c15d78fb39d8326bc029073b41ef9727da6c851f',
      'e379e8aedd4d72bb4c529a4ca07a4e4d230b5a1d3f7a61bc80179e8f02421ad8',
    ],
    [
      '2edcec3590a4ec7f40cf0743c15d78fb39d8326bc029073b41ef9727da6c851f',
      '780238f18c540007376dd5e904f583896a69fe620876cabc06977a3af4ba4fb5',
    ],
  ],
  [
    [
      '74ddd0ec08fa43d09f32636ba91a0a3053b02cb4627c35051aff89f853606b59',
      '551c3089b186b4027e949910981ff1ba54114610f2aab9359d28694c18b0203b',
    ],
    [
      '74ddd0ec08fa43d09f32636ba91a0a3053b02cb4627c35051aff89f853606b59',
      '92f7208b1cc0b5cc8fe214a4b0178aa4962b58af8ec535ee7211f335b1e0ed3b',
    ],
  ],
  [
    [
      '867d0767a47c392f80acb51572851923d6d3e55289828b0cd84a96ba342660c7',
      'b5965a019fc65d7950827a769b7a9e49b53fcef2f55ed54595a5f8b409afb00a',
      'a64b4c94a654b7617e8fdf0c56702e1347765f8e8f22abfcf0cb1e8edcb961f5',
    ],
    [
      '867d0767a47c392f80acb51572851923d6d3e55289828b0cd84a96ba342660c7',
      'edbab184adac1d80d52d20ad99196a61f9406640ccf96e1995285d3a72928517',
      '1cf2d211cdb7a36dc7366f91b596c7d1f68940a529c5705aefa175e87c7b3aef',
    ],
  ],
]

test.each(DOCUMENTED)('the diffIDs %j give the chainIDs that docker documents', (diffIDs, expected) => {
  expect(chainIDs(diffIDs.map(diffID))).toEqual(expected.map((hex) => `sha256:${hex}`))
})

test('a chainID is the sha256 of the parent chain, a space and the diffID', () => {
  const [a, b] = [diffID('a'.repeat(64)), diffID('b'.repeat(64))]
  const hex = createHash('sha256').update(`${a} ${b}`).digest('hex')
  expect(chainIDs([a, b])).toEqual([a, `sha256:${hex}`])
})

test('no layers have no chain', () => {
  expect(chainIDs([])).toEqual([])
})
