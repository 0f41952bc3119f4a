import { ArchiveError } from '../errors.js'
import { TRANSPORTS } from '../formats/operand.js'

// What people of other tools type where imgtar takes files: transports of containers-transports(5).
const ELSEWHERE: ReadonlyMap<string, string> = new Map([
  ['docker-daemon', "imgtar asks no daemon: 'docker save IMAGE | imgtar COMMAND -' hands an image on"],
  ['docker', "imgtar knows no registry: 'skopeo copy docker://IMAGE oci:DIR' fetches an image"],
  ['containers-storage', "imgtar reads no store of podman: 'podman save IMAGE | imgtar COMMAND -' hands an image on"],
  ['dir', "imgtar reads no dir: of skopeo: 'skopeo copy dir:DIR oci:DIR' makes a layout of it"],
])

/**
 * The same error; where nothing of the system has the name, and the operand looks as if it meant no file at all, with a hint
 * at how imgtar gets at that.
 */
export function noSuchArchive(error: unknown, operand: string): unknown {
  if (!(error instanceof ArchiveError) || error.code !== 'ERR_NOT_FOUND' || error.hint !== undefined) return error
  const hint = hintFor(operand)
  const { code, message, location, cause } = error
  return hint === undefined || location === undefined
    ? error
    : new ArchiveError(code, message, { location, hint, cause })
}

function hintFor(operand: string): string | undefined {
  const [, transport = '', rest = ''] = /^([a-z-]+):(.*)$/s.exec(operand) ?? []
  const elsewhere = ELSEWHERE.get(transport)
  if (elsewhere !== undefined) return elsewhere
  if (TRANSPORTS.some((own) => own === transport)) return undefined
  // As in alpine:latest; a file of an archive has an ending, or lies in a folder.
  return /^[a-z0-9_-]+$/.test(transport) && /^[\w.-]+$/.test(rest)
    ? `imgtar reads files: 'docker save ${operand} | imgtar COMMAND -' hands an image of a daemon on`
    : undefined
}
