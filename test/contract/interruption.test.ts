import { expect, test } from 'vitest'
import { openArchive, runContext, verify, type RunContext } from '../../src/index.js'
import { dockerSave, packed, PLAIN } from '../support/archives.js'
import { testFolder } from '../support/folder.js'

const inFolder = testFolder({ 'app.tar': packed(dockerSave(PLAIN)) })
const open = (context: RunContext) => openArchive(inFolder('app.tar'), context)

/** A signal that a time has ended, which was given for the work. */
async function timedOut(): Promise<AbortSignal> {
  const signal = AbortSignal.timeout(0)
  await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()))
  return signal
}

test.each([
  ['aborted', () => AbortSignal.abort(), 'AbortError'],
  ['aborted for a reason', () => AbortSignal.abort(new RangeError('enough')), 'RangeError'],
  ['out of time', timedOut, 'TimeoutError'],
])('what is %s ends as such, with the reason as its cause', async (_, give, name) => {
  const aborted = { name: 'ArchiveError', code: 'ERR_ABORTED', cause: expect.objectContaining({ name }) as unknown }
  const context = runContext({ signal: await give() })
  await expect(open(context)).rejects.toMatchObject(aborted)
  await using archive = await open(runContext())
  await expect(verify(archive, context)).rejects.toMatchObject(aborted)
})
