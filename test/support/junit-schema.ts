import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { validateXML } from 'xmllint-wasm'

const schema = readFileSync(join(import.meta.dirname, '../fixtures/jenkins-junit.xsd'), 'utf8')

/** Where a document is not what the schema of Jenkins wants of a JUnit report; nothing where it is. */
export async function junitFaults(document: string): Promise<readonly string[]> {
  const { errors } = await validateXML({ xml: { fileName: 'junit.xml', contents: document }, schema })
  return errors.map(({ message }) => message)
}
