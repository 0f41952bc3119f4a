import { visible } from '../escape.js'
import type { Style } from '../presenter.js'

/** A digest as docker shows IDs: 12 hex digits, or all of it with `--no-trunc`. */
export function shortID(digest: string, style: Style): string {
  return style.full ? visible(digest) : visible(digest.replace(/^[a-z0-9]+:/, '').slice(0, 12))
}
