#!/usr/bin/env node
import module from 'node:module'

// Node 22.1 and later keep the compiled code from run to run.
module.enableCompileCache?.()
const { main } = await import('../dist/bundle/main.js')
await main(process.argv.slice(2))
