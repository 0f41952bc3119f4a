import type { Image } from '../model/image.js'

/** The imageID where the archive holds the config; null where it would have to be made. */
export function imageIDOf({ configSource }: Image): string | null {
  return configSource.kind === 'stored' ? configSource.document.digest : null
}
