import type { ImagesReport } from '../../model/report.js'
import { visible } from '../escape.js'
import type { Style } from '../presenter.js'
import { dockerSize } from '../size.js'
import { DOCKER_TABLE, table } from '../table.js'
import { ago } from '../time.js'
import { shortID } from './short-id.js'

const HEADER = ['REPOSITORY', 'TAG', 'IMAGE ID', 'CREATED', 'SIZE']

/** A row per name, in the columns and widths of `docker images`. */
export function imagesText(report: ImagesReport, style: Style): string[] {
  const rows = report.images.map((image) => [
    visible(image.repository ?? '<none>'),
    visible(image.tag ?? '<none>'),
    shortID(image.imageID, style),
    ago(image.created, style.now),
    image.size === null ? 'N/A' : dockerSize(image.size),
  ])
  return table([HEADER, ...rows], DOCKER_TABLE)
}
