import { inPieces } from './output.js'

/** Writes a file of texts: all or nothing. Errors: ERR_OUTPUT, also where it exists and `force` is false. */
export async function writeText(
  path: string,
  texts: Iterable<string>,
  options: { readonly force: boolean },
): Promise<void> {
  const { fileOutput } = await import('../bytes/output.js')
  await using output = await fileOutput(path, options)
  const encoder = new TextEncoder()
  for (const piece of inPieces(texts)) await output.write(encoder.encode(piece))
  await output.commit()
}
