import { isMap, LineCounter, parseDocument, type Document } from 'yaml'
import type { z } from 'zod'
import { ArchiveError } from '../../errors.js'
import type { RulePlace } from './rules.js'

/** Keys and indices that lead to a node. */
export type NodePath = readonly PropertyKey[]

/** A policy file, parsed; knows the place of everything in it. */
export interface PolicyDocument {
  readonly value: unknown
  /** Where the node at a path begins, or the nearest node around it that is there. */
  placeOf(path: NodePath): RulePlace
  /** The value, checked. Errors: ERR_POLICY with line and column. */
  checked<Schema extends z.ZodType>(schema: Schema): z.output<Schema>
}

/** Reads YAML 1.2 (JSON is YAML too). Errors: ERR_POLICY with line and column. */
export function policyDocument(text: string, file: string): PolicyDocument {
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, uniqueKeys: true })
  const placeAt = (offset: number): RulePlace => {
    const { line, col } = lines.linePos(offset)
    // Before the first line there is nothing: an empty file has no place of its own.
    return { file, line: Math.max(1, line), column: Math.max(1, col) }
  }
  const [fault] = document.errors
  if (fault !== undefined) {
    const [first = ''] = fault.message.split('\n')
    throw policyError(placeAt(fault.pos[0]), first.replace(/ at line \d+, column \d+:?$/, ''))
  }
  const placeOf = (path: NodePath): RulePlace => placeAt(offsetOf(document, path))
  const value = valueOf(document, placeAt(0))
  return {
    value,
    placeOf,
    checked(schema) {
      const result = schema.safeParse(value)
      if (result.success) return result.data
      const [issue] = result.error.issues
      const [at, message] = issue === undefined ? [[], 'not a policy'] : told(issue)
      throw policyError(placeOf(at), message)
    },
  }
}

/** ERR_POLICY at a place: `imgtar.yaml:3:5`. */
export function policyError(place: RulePlace, message: string): ArchiveError {
  return new ArchiveError('ERR_POLICY', message, { location: `${place.file}:${place.line}:${place.column}` })
}

// Aliases may stand for more than memory holds; yaml counts them and throws.
function valueOf(document: Document, place: RulePlace): unknown {
  try {
    return document.toJS({ maxAliasCount: 100 })
  } catch (cause) {
    throw policyError(place, cause instanceof Error ? cause.message : String(cause))
  }
}

type Issue = z.core.$ZodIssue

function told(issue: Issue): readonly [NodePath, string] {
  const name = issue.path.map(String).join('.')
  const [key] = issue.code === 'unrecognized_keys' ? issue.keys : []
  if (key !== undefined)
    return [[...issue.path, key], `there is no ${[name, key].filter(Boolean).join('.')} in a policy`]
  // Of several ways that failed, the one that got furthest tells most.
  const inner = issue.code === 'invalid_union' ? issue.errors.flat().sort(byDepth)[0] : undefined
  if (inner !== undefined && inner.path.length > 0) return told({ ...inner, path: [...issue.path, ...inner.path] })
  const message = (inner ?? issue).message.replace(/^Invalid input: /, '')
  return [issue.path, name === '' ? message : `${name}: ${message}`]
}

function byDepth(a: Issue, b: Issue): number {
  return b.path.length - a.path.length
}

/** Where a node begins: of a value in a map, where its key does. */
function offsetOf(document: Document, path: NodePath): number {
  for (let length = path.length; length > 0; length--) {
    const parent: unknown = length === 1 ? document.contents : document.getIn(path.slice(0, length - 1), true)
    const key = path[length - 1]
    if (isMap(parent)) {
      const pair = parent.items.find((item) => textOf(item.key) === String(key))
      const offset = rangeOf(pair?.key)
      if (offset !== undefined) return offset
    }
    const offset = rangeOf(document.getIn(path.slice(0, length), true))
    if (offset !== undefined) return offset
  }
  return rangeOf(document.contents) ?? 0
}

function textOf(node: unknown): string {
  return typeof node === 'object' && node !== null && 'value' in node ? String(node.value) : String(node)
}

function rangeOf(node: unknown): number | undefined {
  if (typeof node !== 'object' || node === null || !('range' in node) || !Array.isArray(node.range)) return undefined
  const [start] = node.range as readonly unknown[] // an array of what is to be seen
  return typeof start === 'number' ? start : undefined
}
