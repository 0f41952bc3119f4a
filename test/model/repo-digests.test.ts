import { expect, test } from 'vitest'
import { repoDigestAnnotations } from '../../src/model/repo-digests.js'

const ONE = `sha256:${'1'.repeat(64)}`
const TWO = `sha256:${'2'.repeat(64)}`

test('RepoDigests become annotations: all of them, and the repositories of each registry', () => {
  const names = [`reg.example:5000/a/b@${TWO}`, `nginx@${ONE}`, `nginx@${ONE}`, `team/web@${ONE}`]
  expect([...repoDigestAnnotations(names)]).toEqual([
    ['imgtar.repo-digests', `nginx@${ONE},reg.example:5000/a/b@${TWO},team/web@${ONE}`],
    ['containerd.io/distribution.source.docker.io', 'library/nginx,team/web'],
    ['containerd.io/distribution.source.reg.example:5000', 'a/b'],
  ])
})

test('an image that no registry had gets none', () => {
  expect([...repoDigestAnnotations([])]).toEqual([])
})
