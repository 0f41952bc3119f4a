import type { PolicyDocument, NodePath } from './document.js'
import type { PolicyRule, RuleBody } from './rules.js'
import type { StructureTestFile } from './schema.js'

type Add = (path: NodePath, name: string, body: RuleBody) => void

/**
 * Rules of a container-structure-test file: its tests of files and metadata as that tool runs them on a tar. What needs
 * a running container becomes a rule that says that it was not run.
 */
export function structureTestRules(document: PolicyDocument, file: StructureTestFile): readonly PolicyRule[] {
  const rules: PolicyRule[] = []
  const add =
    (gate: PolicyRule['gate']): Add =>
    (path, name, body) => {
      rules.push({ gate, name, place: document.placeOf(path), body })
    }
  fileRules(file, add('structure'))
  metadataRules(file, add('config'))
  for (const section of ['commandTests', 'licenseTests'] as const) {
    if (file[section].length === 0) continue
    const why = section === 'commandTests' ? 'it runs commands in a container' : 'imgtar does not read licenses'
    add('structure')([section], section, { kind: 'skipped', why })
  }
  return rules
}

function fileRules({ fileExistenceTests, fileContentTests }: StructureTestFile, add: Add): void {
  for (const [index, test] of fileExistenceTests.entries()) {
    const { name, path, shouldExist, permissions, isExecutableBy } = test
    add(['fileExistenceTests', index], `fileExistenceTests ${name ?? path}`, {
      kind: 'file',
      path,
      exists: shouldExist,
      permissions: permissions === '' ? undefined : permissions,
      uid: asked(test.uid),
      gid: asked(test.gid),
      executableBy: isExecutableBy === '' ? undefined : isExecutableBy,
    })
  }
  for (const [index, { name, path, expectedContents, excludedContents }] of fileContentTests.entries()) {
    add(['fileContentTests', index], `fileContentTests ${name ?? path}`, {
      kind: 'content',
      path,
      expected: expectedContents,
      excluded: excludedContents,
    })
  }
}

const UNBOUND = 'whether a variable is unbound shows in a container only'

// -1 is what the tool itself takes for not asked.
function asked(id: number | undefined): number | undefined {
  return id === undefined || id < 0 ? undefined : id
}

function metadataRules({ metadataTest: test }: StructureTestFile, add: Add): void {
  const at = (key: string, index?: number): NodePath => ['metadataTest', key, ...(index === undefined ? [] : [index])]
  for (const section of ['env', 'envVars', 'labels'] as const) {
    for (const [index, { key, value, isRegex }] of (test[section] ?? []).entries()) {
      const kind = section === 'labels' ? 'label' : 'env'
      add(at(section, index), `metadataTest.${section} ${key}`, { kind, key, expected: { value, isRegex } })
    }
  }
  for (const kind of ['entrypoint', 'cmd'] as const) {
    const value = test[kind]
    if (value !== undefined && value !== null) add(at(kind), `metadataTest.${kind}`, { kind, value })
  }
  if (test.unboundEnv !== undefined) add(at('unboundEnv'), 'metadataTest.unboundEnv', { kind: 'skipped', why: UNBOUND })
  const lists = [
    ['exposedPorts', 'port', true],
    ['unexposedPorts', 'port', false],
    ['volumes', 'volume', true],
    ['unmountedVolumes', 'volume', false],
  ] as const
  for (const [section, kind, present] of lists) {
    for (const [index, name] of (test[section] ?? []).entries()) {
      add(at(section, index), `metadataTest.${section} ${name}`, { kind, name: String(name), present })
    }
  }
  for (const kind of ['workdir', 'user'] as const) {
    const value = test[kind]
    if (value !== undefined && value !== '') add(at(kind), `metadataTest.${kind}`, { kind, value })
  }
}
