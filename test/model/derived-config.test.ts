import { describe, expect, test } from 'vitest'
import { diffIDOf, digestOf } from '../../src/bytes/digest.js'
import { configForImport, configFromV1, historyEntry, parseV1 } from '../../src/model/derived-config.js'

const encoder = new TextEncoder()
const text = ({ bytes }: { bytes: Uint8Array }) => new TextDecoder().decode(bytes)
const v1 = (json: string) => parseV1(encoder.encode(json), 'json')
const DIFF = diffIDOf(digestOf(encoder.encode('layer')))

describe('the config that docker makes of a v1 image', () => {
  test('is the JSON of the top image without its v1 keys, sorted, with rootfs and history', () => {
    const top = v1(
      '{"id":"b","parent":"a","created":"2015-01-01T00:00:00.500Z","os":"linux","docker_version":"1.9.1","Size":5,' +
        '"layer_id":"x","throwaway":true,"architecture":"amd64","container_config":{"Cmd":["/bin/sh","-c","echo <hi>"]}}',
    )
    expect(text(configFromV1([top], [DIFF], 'json'))).toBe(
      '{"architecture":"amd64","container_config":{"Cmd":["/bin/sh","-c","echo \\u003chi\\u003e"]},' +
        '"created":"2015-01-01T00:00:00.500Z","docker_version":"1.9.1",' +
        '"history":[{"created":"2015-01-01T00:00:00.5Z","created_by":"/bin/sh -c echo \\u003chi\\u003e"}],"os":"linux",' +
        `"rootfs":{"type":"layers","diff_ids":["${DIFF}"]}}`,
    )
  })

  test('has a history entry for every image of the chain, base first', () => {
    const base = v1('{"id":"a","created":"2015-01-01T00:00:00Z","comment":"from scratch","docker_version":"1.9.1"}')
    const top = v1('{"id":"b","created":"2015-01-02T00:00:00Z","author":"me","docker_version":"1.9.1"}')
    expect(configFromV1([base, top], [DIFF, DIFF], 'json').value.history).toEqual([
      { created: '2015-01-01T00:00:00Z', comment: 'from scratch' },
      { created: '2015-01-02T00:00:00Z', author: 'me' },
    ])
  })

  test('is written anew where docker before 1.8.3 left fields out', () => {
    const old = text(
      configFromV1([v1('{"id":"a","created":"2014-01-01T00:00:00Z","docker_version":"1.6.0"}')], [], 'x'),
    )
    expect(old).toContain('"container_config":{"Hostname":""')
    const young = text(
      configFromV1([v1('{"id":"a","created":"2015-01-01T00:00:00Z","docker_version":"1.8.3"}')], [], 'x'),
    )
    expect(young).not.toContain('container_config')
  })

  test.each(['null', '[]', '{"id":1}', '{'])('is not made of %s', (json) => {
    expect(() => v1(json)).toThrow(expect.objectContaining({ name: 'ArchiveError' }))
  })
})

test('a history entry leaves out what is empty', () => {
  expect(historyEntry({ created: '2015-01-01T00:00:00Z', comment: '', emptyLayer: true })).toBe(
    '{"created":"2015-01-01T00:00:00Z","empty_layer":true}',
  )
})

test('an imported root filesystem gets the config that docker import writes', () => {
  const platform = { os: 'linux', architecture: 'amd64' }
  const config = configForImport({ platform, created: '1970-01-01T00:00:00Z', comment: 'Imported from -' }, [DIFF], 'x')
  const zero =
    '{"Hostname":"","Domainname":"","User":"","AttachStdin":false,"AttachStdout":false,"AttachStderr":false,"Tty":false,' +
    '"OpenStdin":false,"StdinOnce":false,"Env":null,"Cmd":null,"Image":"","Volumes":null,"WorkingDir":"","Entrypoint":null,' +
    '"OnBuild":null,"Labels":null}'
  expect(text(config)).toBe(
    `{"architecture":"amd64","comment":"Imported from -","config":${zero},"container_config":${zero},` +
      '"created":"1970-01-01T00:00:00Z","history":[{"created":"1970-01-01T00:00:00Z","comment":"Imported from -"}],' +
      `"os":"linux","rootfs":{"type":"layers","diff_ids":["${DIFF}"]}}`,
  )
})
