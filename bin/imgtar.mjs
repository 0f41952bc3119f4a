#!/usr/bin/env node
const { main } = await loaded().catch(notStarted)
await main(process.argv.slice(2))

async function loaded() {
  const { bundleLoader } = await import('../dist/cli/load-bundle.js')
  return bundleLoader()('main.js')
}

// Node itself would end with 1, and that says of an archive that it has findings.
function notStarted(error) {
  process.stderr.write(`imgtar: it cannot be started: ${error.message}\n`)
  process.exit(2)
}
