import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { dockerSave, packed, PLAIN } from '../support/archives.js'
import { testFolder } from '../support/folder.js'
import { file, layerTar } from '../support/layers.js'
import { run } from './run.js'

const samples = fileURLToPath(new URL('../../samples/', import.meta.url))
const rootfs = layerTar([file('etc/passwd', { content: 'x'.repeat(2000) }), file('etc/group')])
const at = testFolder({
  'rootfs.tar': rootfs,
  'cut.tar': rootfs.subarray(0, 1500),
  'text.txt': 'no tar at all '.repeat(100),
  'remnant.tar': packed(new Map([...dockerSave(PLAIN)].filter(([path]) => path !== 'manifest.json'))),
})

async function hintOf(line: string): Promise<string | undefined> {
  const { exitCode, stderr } = await run(line.replaceAll('SAMPLES/', samples).split(' '), { cwd: at(), stdin: rootfs })
  expect(exitCode).toBe(2)
  return /^ {2}hint: (.*)$/m.exec(stderr)?.[1]?.replaceAll(samples, '')
}

const DAMAGED = 'imgtar verify tells all that is wrong, imgtar salvage saves what is intact'

describe('the hint at what to do', () => {
  test.each(['export', 'squash', 'strip', 'retime --set 0', 'save', 'tag', 'config --user 1'])(
    'about a layer that is not in the archive is the same from %s',
    async (command) => {
      const name = { tag: ' app:2', strip: ' etc/passwd' }[command] ?? ''
      expect(await hintOf(`${command} SAMPLES/app-truncated.tar${name} -o out.tar`)).toBe(DAMAGED)
    },
  )

  test.each([
    ['import cut.tar -o out.tar', 'it is cut or damaged: copy or make it again'],
    ['append SAMPLES/app.tar cut.tar -o out.tar', 'it is cut or damaged: copy or make it again'],
    ['import text.txt -o out.tar', 'imgtar reads tars, compressed or not, and directories; file(1) says what this is'],
    ['import rootfs.tar --limit-entries 1 -o out.tar', 'raise the limit if the archive is trusted'],
    ['save rootfs.tar --limit-entries 1 -o out.tar', 'raise the limit if the archive is trusted'],
    ['inspect remnant.tar', 'imgtar salvage saves what is intact'],
    ['inspect oci:SAMPLES/app.tar', "without 'oci:' it is read as what it is"],
    ['inspect SAMPLES/app.tar:', 'write :name:tag, or :@0 for the first image'],
    [
      'tag alpine:latest app:1 -o out.tar',
      "imgtar reads files: 'docker save alpine:latest | imgtar COMMAND -' hands an image of a daemon on",
    ],
    ['cat rootfs.tar /nope', 'imgtar blame rootfs.tar /nope tells whether a layer ever had it'],
    ['cat rootfs.tar /etc', 'imgtar ls rootfs.tar /etc lists it'],
    ['ls rootfs.tar /nope', 'imgtar blame rootfs.tar /nope tells whether a layer ever had it'],
    ['blame rootfs.tar /nope', 'imgtar ls rootfs.tar --all-layers lists all that its layers hold'],
    [
      'ls SAMPLES/app.tar:@container=web',
      'containers are in the data-root of a docker: docker-root:PATH:@container=NAME',
    ],
    [
      'config SAMPLES/app.tar -c RUN -o out.tar',
      'valid are CMD, ENTRYPOINT, ENV, EXPOSE, HEALTHCHECK, LABEL, ONBUILD, STOPSIGNAL, USER, VOLUME, WORKDIR',
    ],
    ['tag SAMPLES/app.tar:@container=web app:2 -o out.tar', 'imgtar commit makes an image of a container'],
    ['save SAMPLES/app.tar -o no/such/out.tar', 'make the folder for it first'],
    ['tar-split check rootfs.tar --files nowhere', '--files names the folder that has the files of the layer'],
    [
      'hydrate SAMPLES/app.tar --from SAMPLES/app.tar -o out.tar',
      'hydrate takes what imgtar thin wrote; what is whole already needs nothing',
    ],
    ['diff - -', 'other pipes have names: <(docker save app)'],
    ['inspect rootfs:nope', undefined],
  ])('of %s is %s', async (line, hint) => {
    expect(await hintOf(line)).toBe(hint)
  })
})
