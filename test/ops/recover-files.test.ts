import { expect, test } from 'vitest'
import { runContext } from '../../src/context.js'
import type { Image } from '../../src/model/image.js'
import { recoverInto } from '../../src/ops/recover-files.js'
import { testFolder } from '../support/folder.js'

const at = testFolder()
const [one, other] = [`sha256:${'1'.repeat(64)}`, `sha256:${'2'.repeat(64)}`]

function named(...names: string[]): Image {
  return {
    names,
    platform: { os: 'linux', architecture: 'amd64' },
    config: {},
    configSource: { kind: 'absent', path: 'config.json' },
    manifest: undefined,
    layers: [],
    attachments: [],
    path: 'manifest.json',
  }
}

test('images of one name go to files of their own, a second try for the same image to the same', async () => {
  const place = { directory: at('new', 'rescued'), force: false, oneArchive: false }
  const target = await recoverInto({ ...place, writeArchive: () => Promise.resolve(7) }, runContext())
  const tries = [
    [named('team/app:1'), one],
    [named('team/app:1'), other],
    [named('team/app:1'), one],
    [named(), one],
  ] as const
  const written = []
  for (const [image, id] of tries) written.push(await target.image(image, id))
  expect(written).toEqual(
    ['team_app_1.image.tar', 'team_app_1-222222222222.image.tar', 'team_app_1.image.tar', '111111111111.image.tar'].map(
      (name) => ({ path: at('new', 'rescued', name), size: 7 }),
    ),
  )
  expect(target.together).toBeUndefined()
})

test('all images go into one archive where that is wanted, and a probe writes nothing', async () => {
  const calls: unknown[] = []
  const place = { directory: at('together'), force: true, oneArchive: true }
  const target = await recoverInto(
    {
      ...place,
      writeArchive(images, to) {
        calls.push([images.length, to])
        return Promise.resolve(9)
      },
    },
    runContext(),
  )
  await target.together?.probe(named('a:1'))
  const path = at('together', 'images.tar')
  expect(await target.together?.write([named('a:1'), named('b:1')])).toEqual({ path, size: 9 })
  expect(calls).toEqual([
    [1, undefined],
    [2, { path, force: true }],
  ])
})

test('a folder that cannot be made is told as the output', async () => {
  const place = { directory: '/dev/null/rescued', force: false, oneArchive: false }
  const target = recoverInto({ ...place, writeArchive: () => Promise.resolve(0) }, runContext())
  await expect(target).rejects.toMatchObject({ code: 'ERR_OUTPUT', location: '/dev/null/rescued' })
})
