import { PackageURL } from 'packageurl-js'
import type { Distro, PackageRow } from '../../model/report-packages.js'

// https://github.com/package-url/purl-spec, PURL-TYPES
const TYPES = { dpkg: 'deb', apk: 'apk', rpm: 'rpm', python: 'pypi', npm: 'npm' } as const

/** The package URL of a package; undefined where it has none: packages of a distribution that says not which it is. */
export function purlOf(row: Omit<PackageRow, 'purl' | 'layer'>, distro: Distro | null): string | undefined {
  const { manager, name, version, architecture } = row
  const type = TYPES[manager]
  try {
    if (manager === 'python') return new PackageURL(type, undefined, name, version).toString()
    if (manager === 'npm') {
      const slash = name.startsWith('@') ? name.indexOf('/') : -1
      const scope = slash < 0 ? undefined : name.slice(0, slash)
      return new PackageURL(type, scope, name.slice(slash + 1), version).toString()
    }
    if (distro === null) return undefined
    const [, epoch, rest = version] = manager === 'rpm' ? (/^(\d+):(.*)$/s.exec(version) ?? []) : []
    const qualifiers = {
      ...(architecture !== undefined && { arch: architecture }),
      distro: distro.versionID === undefined ? distro.id : `${distro.id}-${distro.versionID}`,
      ...(epoch !== undefined && { epoch }),
    }
    return new PackageURL(type, distro.id, name, rest, qualifiers).toString()
  } catch {
    // A name or version that no URL of a package may have.
    return undefined
  }
}
