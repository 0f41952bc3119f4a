import { stat } from 'node:fs/promises'
import { join } from 'node:path'

/** The file that makes a directory an OCI layout (OCI image spec, image-layout.md). */
export const LAYOUT_MARK = 'oci-layout'

/** Whether a directory is an OCI layout; false where that cannot be said. */
export async function isLayout(directory: string): Promise<boolean> {
  return (await stat(join(directory, LAYOUT_MARK)).catch(() => undefined))?.isFile() === true
}
