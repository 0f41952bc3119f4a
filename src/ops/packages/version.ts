import type { Manager } from './package.js'

/**
 * The order of two versions: below 0 where `a` is older, 0 where neither is. Digits count as numbers, `~` sorts before
 * the end, letters before all else, as dpkg has it (deb-version(7)) and rpm and apk nearly; what npm and Python write
 * before a release is given a `~` first.
 */
export function compareVersions(manager: Manager, a: string, b: string): number {
  const [one, two] = [splitEpoch(prepared(manager, a)), splitEpoch(prepared(manager, b))]
  return one.epoch - two.epoch || compareParts(one.rest, two.rest)
}

function prepared(manager: Manager, version: string): string {
  if (manager === 'npm') return version.replace(/\+.*$/, '').replace('-', '~')
  if (manager === 'python') {
    // PEP 440: development releases come before alphas.
    return version
      .toLowerCase()
      .replace(/\.?dev(?=\d)/g, '~~dev')
      .replace(/\.?(a|b|rc)(?=\d)/g, '~$1')
  }
  // apk: 1.2_alpha1, 1.2_rc3 come before 1.2; 1.2_p1 and 1.2-r1 after it.
  return manager === 'apk' ? version.replace(/_(alpha|beta|pre|rc)/g, '~$1') : version
}

function splitEpoch(version: string): { epoch: number; rest: string } {
  const [, digits, rest = version] = /^(\d+)[:!](.*)$/s.exec(version) ?? []
  return { epoch: digits === undefined ? 0 : Number(digits), rest }
}

function compareParts(a: string, b: string): number {
  const [one, two] = [a.split(/(\d+)/), b.split(/(\d+)/)]
  for (let at = 0; at < Math.max(one.length, two.length); at++) {
    const [x = '', y = ''] = [one[at], two[at]]
    // Odd places hold the digits.
    const order = at % 2 === 1 ? compareNumbers(x, y) : compareText(x, y)
    if (order !== 0) return order
  }
  return 0
}

function compareNumbers(a: string, b: string): number {
  const [x, y] = [a.replace(/^0+/, ''), b.replace(/^0+/, '')]
  return x.length - y.length || (x < y ? -1 : x > y ? 1 : 0)
}

function compareText(a: string, b: string): number {
  for (let at = 0; at < Math.max(a.length, b.length); at++) {
    const order = weight(a[at]) - weight(b[at])
    if (order !== 0) return order
  }
  return 0
}

function weight(char: string | undefined): number {
  if (char === '~') return -1
  if (char === undefined) return 0
  return /[A-Za-z]/.test(char) ? char.charCodeAt(0) : char.charCodeAt(0) + 256
}
