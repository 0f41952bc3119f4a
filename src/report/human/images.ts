import type { ImagesReport } from '../../model/report.js'
import { visible } from '../escape.js'
import type { Style } from '../presenter.js'
import { dockerSize } from '../size.js'
import { DOCKER_TABLE, table } from '../table.js'
import { ago } from '../time.js'
import { shortID } from './short-id.js'

const HEADER = ['REPOSITORY', 'TAG', 'IMAGE ID', 'CREATED', 'SIZE']

/**
 * A row per name, in the columns and widths of `docker images`. Of images in the store of a docker up to 1.9 SIZE is that
 * of the top layer, as it was then, and VIRTUAL SIZE that of all. Nothing where nothing could be read.
 */
export function imagesText(report: ImagesReport, style: Style): string[] {
  if (report.images.length === 0 && report.errors.length > 0) return []
  const isOld = report.images.some(({ topSize }) => topSize !== undefined)
  const rows = report.images.map((image) => [
    visible(image.repository ?? '<none>'),
    visible(image.tag ?? '<none>'),
    shortID(image.imageID, style),
    ago(image.created, style.now),
    ...(isOld ? [sizeOf(image.topSize === undefined ? image.size : image.topSize)] : []),
    sizeOf(image.size),
  ])
  return table([isOld ? [...HEADER, 'VIRTUAL SIZE'] : HEADER, ...rows], DOCKER_TABLE)
}

function sizeOf(size: number | null): string {
  return size === null ? 'N/A' : dockerSize(size)
}
