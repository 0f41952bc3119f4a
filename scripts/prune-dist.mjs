// tsc never removes what it once wrote. A module whose source is gone would stay importable from dist and be published.
// dist/bundle is not tsc's: bundle.mjs writes it anew.
import { existsSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const dist = join(root, 'dist')

const written = existsSync(dist) ? readdirSync(dist, { recursive: true, encoding: 'utf8' }) : []
for (const file of written.filter((name) => /\.(js|d\.ts)$/.test(name) && !name.startsWith('bundle'))) {
  const source = join(root, 'src', file.replace(/\.(js|d\.ts)$/, '.ts'))
  if (!existsSync(source)) rmSync(join(dist, file))
}
