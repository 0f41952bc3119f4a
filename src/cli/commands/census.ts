import { defineCommand } from '../command.js'
import { openRoot } from '../data-root.js'
import { envelope } from '../envelope.js'
import { isClean } from '../exit-code.js'

/** `imgtar census`: the state of a whole data-root. */
export const census = defineCommand({
  name: 'census',
  summary: 'say what is damaged in the data-root of a stopped docker: every bad file of every layer',
  positionals: {
    root: { kind: 'one', summary: 'the data-root, such as /var/lib/docker; or a tar of it, - for stdin' },
  },
  options: {},
  examples: [
    ['imgtar census /mnt/var/lib/docker', 'images that are whole, layers, containers, every damaged file by name'],
    ['imgtar census docker.tar.gz', 'a tar of the data-root, made with --xattrs --xattrs-include=*'],
    ["imgtar census /mnt/docker --json | jq '.layers[].damaged[]'", 'for a program'],
  ],
  async run({ operands, context }) {
    const [operation, { describeFinding }] = await Promise.all([
      import('../../ops/census.js'),
      import('../../ops/describe.js'),
    ])
    await using root = await openRoot(operands.root, context)
    const counted = await operation.census(root, context)
    const findings = counted.findings.map(describeFinding)
    return { ...envelope('census', isClean(findings)), ...counted, findings }
  },
})
