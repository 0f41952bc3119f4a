import type { Output } from '../../bytes/output.js'
import { watched } from '../../bytes/blocks.js'
import { bytesSource, type ByteSource, type OpenSource } from '../../bytes/source.js'
import { spool } from '../../bytes/spool.js'
import type { RunContext } from '../../context.js'
import { ArchiveError } from '../../errors.js'
import type { Staged } from '../../model/outgoing.js'
import { wrapperHeader, type WrapperEntry } from '../../tar/wrapper.js'
import { paddingOf, TAR_END_BYTES } from '../../tar/write.js'
import { copied, type ArchiveSink, type SinkMember } from './sink.js'

const HEADER = 512

/** Staged bytes that lie in the tar behind a header that is still blank. */
interface InPlace extends Staged {
  readonly headerAt: number
}

/** What was staged, and where it lies. */
interface Shelf {
  readonly places: WeakMap<Staged, InPlace | OpenSource>
  readonly spooled: OpenSource[]
  /** What lies in the tar behind a blank header still. */
  readonly nameless: Set<InPlace>
}

/**
 * A tar: every member with mode 0644, owner 0:0 and time 0, so that the same members give the same bytes. Staged bytes
 * lie before all others, in the order of staging. The output is disposed of with the sink.
 */
export function tarSink(output: Output): ArchiveSink {
  const shelf: Shelf = { places: new WeakMap(), spooled: [], nameless: new Set() }
  const { places, spooled, nameless } = shelf
  return {
    location: output.location,
    ...stagingIn(output, shelf),
    async add(member, context) {
      const header = await wrapperHeader(headerFields(member))
      const content = contentOf(member, places)
      if (content === undefined) await output.write(header)
      else if ('headerAt' in content) {
        nameless.delete(content)
        await output.seekable?.patch(content.headerAt, header)
      } else await addWhole(output, header, content, member.path, context)
    },
    async commit() {
      // A blank header would end the archive for its readers.
      if (nameless.size > 0) throw new Error('staged bytes were given no name')
      await output.write(new Uint8Array(TAR_END_BYTES))
      const size = output.position
      await output.commit()
      return size
    },
    async [Symbol.asyncDispose]() {
      for (const source of spooled) await source[Symbol.asyncDispose]()
      await output[Symbol.asyncDispose]()
    },
  }
}

/** Staging: right in the tar where the output can be written anywhere, else in temporary files. */
function stagingIn(
  output: Output,
  { places, spooled, nameless }: Shelf,
): Pick<ArchiveSink, 'stage' | 'stageBlocks' | 'reserve' | 'discard'> {
  const { seekable } = output
  let order = 0
  const placed = (staged: InPlace): InPlace => {
    places.set(staged, staged)
    nameless.add(staged)
    return staged
  }
  const aside = async (chunks: AsyncIterable<Uint8Array>): Promise<Staged> => {
    const source = await spool(chunks, output.location)
    const staged: Staged = { size: source.size, order: order++ }
    spooled.push(source)
    places.set(staged, source)
    return staged
  }
  return {
    async stage(chunks) {
      if (seekable === undefined) return aside(chunks)
      const write = async (): Promise<void> => {
        for await (const chunk of chunks) await output.write(chunk)
      }
      return placed(await stageInPlace(output, write, order++))
    },
    stageBlocks: async (blocks) =>
      seekable === undefined
        ? aside(watched(blocks))
        : placed(await stageInPlace(output, () => output.take(blocks), order++)),
    ...(seekable && {
      async reserve(size) {
        const headerAt = output.position
        const room = await seekable.reserve(HEADER + size + paddingOf(size))
        const staged = placed({ size, order: order++, headerAt })
        return { staged, room: { ...room, offset: room.offset + HEADER } }
      },
    }),
    async discard(staged) {
      const place = places.get(staged)
      if (place === undefined) return
      if (!('headerAt' in place)) await place[Symbol.asyncDispose]()
      else if (nameless.delete(place)) await seekable?.rewind(place.headerAt)
    },
  }
}

async function stageInPlace(output: Output, write: () => Promise<void>, order: number): Promise<InPlace> {
  const headerAt = output.position
  await output.write(new Uint8Array(HEADER))
  await write()
  const size = output.position - headerAt - HEADER
  await output.write(new Uint8Array(paddingOf(size)))
  return { size, order, headerAt }
}

function headerFields(member: SinkMember): WrapperEntry {
  const shared = { path: member.path, mtime: 0 }
  switch (member.kind) {
    case 'document':
      return { ...shared, type: 'file', mode: 0o644, size: member.bytes.length }
    case 'blob':
      return { ...shared, type: 'file', mode: 0o644, size: member.size }
    case 'link':
      return { ...shared, type: 'symlink', mode: 0o777, size: 0, linkPath: member.linkPath }
  }
}

function contentOf(
  member: SinkMember,
  places: WeakMap<Staged, InPlace | OpenSource>,
): ByteSource | InPlace | undefined {
  if (member.kind === 'link') return undefined
  if (member.kind === 'document') return bytesSource(member.bytes, member.path)
  const { content } = member
  return content.kind === 'source' ? content.source : places.get(content.staged)
}

async function addWhole(
  output: Output,
  header: Uint8Array,
  source: ByteSource,
  subject: string,
  context: RunContext,
): Promise<void> {
  await output.write(header)
  const start = output.position
  await output.take(copied(source, subject, context))
  if (output.position - start !== source.size) {
    throw new ArchiveError('ERR_TRUNCATED', 'the content changed while it was copied', { location: source.location })
  }
  await output.write(new Uint8Array(paddingOf(source.size)))
}
