import { latin1Of } from '../../tar/path.js'
import type { Inode } from '../../tree/node.js'
import { readFiles } from '../../tree/read-files.js'
import { lookup } from '../../tree/resolve.js'
import type { Located } from '../../tree/tree.js'
import { readable } from '../list-rows.js'
import { pathMatcher, type PathMatcher } from '../path-matcher.js'
import { failed, kept, named, noneOf, type Answer } from './answer.js'
import type { ImageFacts } from './facts.js'
import type { RuleBody } from './rules.js'
import { regexOf } from './schema.js'
import { NO_SECRETS } from './secrets.js'

type Rule<Kind extends RuleBody['kind']> = Extract<RuleBody, { kind: Kind }>
type StructureRule = Rule<'required' | 'forbidden' | 'owners' | 'setuid' | 'secrets' | 'file' | 'content'>

/** Holds the files of an image against a rule. Errors: those of mergedTree. */
export async function structureAnswer(rule: StructureRule, facts: ImageFacts): Promise<Answer> {
  switch (rule.kind) {
    case 'required':
    case 'forbidden':
      return pathAnswer(rule, facts)
    case 'owners':
      return ownersAnswer(rule, facts)
    case 'setuid':
      return setuidAnswer(rule, facts)
    case 'secrets':
      return secretsAnswer(rule, facts)
    case 'file':
      return fileAnswer(rule, facts)
    case 'content':
      return contentAnswer(rule, facts)
  }
}

async function pathAnswer({ kind, pattern }: Rule<'required' | 'forbidden'>, facts: ImageFacts): Promise<Answer> {
  const matches = matcher([pattern])
  const found = (await facts.files()).filter(({ name }) => matches(name)).map(({ name }) => `/${name}`)
  if (kind === 'forbidden') return noneOf(found, 'forbidden files')
  return found.length === 0 ? failed(`nothing matches ${pattern}`) : kept(`there is ${named(found)}`)
}

async function ownersAnswer({ owners }: Rule<'owners'>, facts: ImageFacts): Promise<Answer> {
  const allowed = new Set(owners)
  const strangers = (await facts.files()).filter(({ node }) => {
    const { uid, gid } = node.inode
    return !allowed.has(`${uid}`) && !allowed.has(`${uid}:${gid}`)
  })
  return noneOf(
    strangers.map(({ name, node }) => `/${name} (${node.inode.uid}:${node.inode.gid})`),
    'files of other owners',
  )
}

async function setuidAnswer({ allowed }: Rule<'setuid'>, facts: ImageFacts): Promise<Answer> {
  const mayBe = allowed.length === 0 ? () => false : matcher(allowed)
  const found = (await facts.files()).filter(({ name, node }) => {
    const { type, mode } = node.inode
    return type === 'file' && (mode & 0o6000) !== 0 && !mayBe(name)
  })
  return noneOf(
    found.map(({ name }) => `/${name}`),
    'setuid or setgid files',
  )
}

/** Of every layer: what was deleted above can still be read. */
async function secretsAnswer({ patterns }: Rule<'secrets'>, facts: ImageFacts): Promise<Answer> {
  const isSecret = matcher(patterns)
  const isCommon = matcher(NO_SECRETS)
  const found = new Set<string>()
  for (const { path, layer, fate } of await facts.stored()) {
    const name = readable(path)
    if (!isSecret(name) || isCommon(name) || name.endsWith('.pub')) continue
    found.add(fate === 'visible' ? `/${name}` : `/${name} (${fate}, still in layer ${layer})`)
  }
  return noneOf([...found], 'names of secrets')
}

async function fileAnswer(rule: Rule<'file'>, facts: ImageFacts): Promise<Answer> {
  // The last link is taken as it is, as lstat does and container-structure-test on a tar with it.
  const found = await at(rule.path, false, facts)
  if (found === undefined) return { ok: !rule.exists, message: `${rule.path} is not there` }
  if (!rule.exists) return failed(`${rule.path} is there`)
  const faults = fileFaults(rule, found.node.inode)
  return faults.length === 0 ? kept(`${rule.path} is there`) : failed(`${rule.path}: ${faults.join(', ')}`)
}

function fileFaults({ permissions, uid, gid, executableBy }: Rule<'file'>, inode: Inode): readonly string[] {
  const mode = goMode(inode)
  const bits = executableBy === undefined ? 0o111 : EXECUTABLE[executableBy]
  return [
    ...(permissions === undefined || permissions === mode ? [] : [`permissions ${mode}, not ${permissions}`]),
    ...(uid === undefined || uid === inode.uid ? [] : [`uid ${inode.uid}, not ${uid}`]),
    ...(gid === undefined || gid === inode.gid ? [] : [`gid ${inode.gid}, not ${gid}`]),
    ...(executableBy === undefined || (inode.mode & bits) !== 0 ? [] : [`not executable by ${executableBy}`]),
  ]
}

const EXECUTABLE = { owner: 0o100, group: 0o010, other: 0o001, any: 0o111 } as const
const TYPE_LETTERS = { file: '', directory: 'd', symlink: 'L', char: 'D', block: 'D', fifo: 'p' } as const

/** As Go prints a FileMode (io/fs, FileMode.String): the letters that apply, in its order, or a dash; then the nine bits. */
function goMode({ type, mode }: Inode): string {
  const letters = [
    TYPE_LETTERS[type],
    (mode & 0o4000) === 0 ? '' : 'u',
    (mode & 0o2000) === 0 ? '' : 'g',
    type === 'char' ? 'c' : '',
    (mode & 0o1000) === 0 ? '' : 't',
  ].join('')
  const bits = Array.from('rwxrwxrwx', (letter, index) => ((mode & (0o400 >> index)) === 0 ? '-' : letter))
  return `${letters === '' ? '-' : letters}${bits.join('')}`
}

async function contentAnswer({ path, expected, excluded }: Rule<'content'>, facts: ImageFacts): Promise<Answer> {
  const found = await at(path, true, facts)
  if (found?.node.inode.type !== 'file') return failed(`${path} is no file`)
  const text = await textOf(found, facts)
  if (text === undefined) return failed(`${path} is too large to be searched, or cut off`)
  const missing = expected.filter((source) => !regexOf(source).test(text))
  const there = excluded.filter((source) => regexOf(source).test(text))
  const faults = [
    ...(missing.length === 0 ? [] : [`does not hold ${named(missing)}`]),
    ...(there.length === 0 ? [] : [`holds ${named(there)}`]),
  ]
  return faults.length === 0 ? kept(`${path} holds what it should`) : failed(`${path} ${faults.join(' and ')}`)
}

const MOST_SEARCHED = 64 * 1024 * 1024

async function textOf(file: Located, { image, context }: ImageFacts): Promise<string | undefined> {
  let text: string | undefined
  const onFile = (_: Located, content: Uint8Array): void => {
    text = new TextDecoder('utf-8', { ignoreBOM: true }).decode(content)
  }
  await readFiles({ layers: image.layers, files: [file], most: MOST_SEARCHED, onFile }, context)
  return text
}

async function at(path: string, followLast: boolean, facts: ImageFacts): Promise<Located | undefined> {
  return lookup(await facts.tree(), latin1Of(path), followLast)
}

/** Whether a name without a leading slash matches one of the patterns; those without a slash mean a name anywhere. */
function matcher(patterns: readonly string[]): PathMatcher {
  const anchored = patterns.map((pattern) => (pattern.includes('/') ? pattern.replace(/^\//, '') : `**/${pattern}`))
  const matchers = anchored.map(pathMatcher)
  return (name) => matchers.some((isMatch) => isMatch(name))
}
