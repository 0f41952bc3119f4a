import { concatenated } from './chunks.js'
import { gnuLong, headerBlock, member, pax, tarOf } from './tar-blocks.js'

/** Members of all kinds that a decoder may meet, by what is special about them. */
export const MEMBERS: Readonly<Record<string, Uint8Array>> = {
  file: member({ name: 'usr/bin/a' }, 'content'),
  'GNU file': member({ name: 'usr/bin/b', magic: 'gnu' }, 'x'.repeat(700)),
  directory: member({ name: './usr/', type: '5' }),
  symlink: member({ name: 'link', type: '2', link: '../target' }),
  'hard link': member({ name: 'hard', type: '1', link: 'usr/bin/a' }),
  'file with a prefix': member({ name: 'name', raw: { 345: 'a/long/prefix' } }, 'p'),
  'prefix without a name': member({ name: '', raw: { 345: 'prefix' } }),
  'no name': member({ name: '' }),
  'long name': concatenated(gnuLong('L', 'long/'.repeat(50)), member({ name: 'cut', magic: 'gnu' }, 'long')),
  'long name of a directory': concatenated(gnuLong('L', 'd/'.repeat(90)), member({ type: '5', magic: 'gnu' })),
  'two long names': concatenated(gnuLong('L', 'one'), gnuLong('L', 'two'), member({ name: 'cut' }, 'x')),
  'empty long name': concatenated(gnuLong('L', ''), member({ name: 'kept' }, 'x')),
  'long name of a link': concatenated(gnuLong('K', 'to/'.repeat(60)), member({ type: '2', link: 'cut' })),
  'very long name': concatenated(gnuLong('L', 'n/'.repeat(3000)), member({ name: 'cut' })),
  'PAX records': concatenated(pax([['mtime', '1.5']]), member({ name: 'precise' }, 'pax')),
  'global records': pax([['comment', 'all']], 'g'),
  device: member({ name: 'null', type: '3', raw: { 329: '0000001\0', 337: '0000003\0' } }),
  'file of type NUL': member({ name: 'old', type: '\0' }, 'old'),
  'V7 header': member({ name: 'v7', magic: 'v7' }, 'v7'),
  'star header': member({ name: 'star', magic: 'star', raw: { 476: '00000000000\0', 488: '00000000000\0' } }, 'star'),
  'signed checksum': member({ name: 'n\u00e4me', checksum: 'signed' }, 's'),
  'binary owner': member({ name: 'big', raw: { 108: '\x80\0\0\0\0\x20\0\0' } }, 'b'),
  'blanks before digits': member({ name: 'blank', raw: { 100: '   644 \0' } }),
  'GNU times': member({ name: 'times', magic: 'gnu', raw: { 345: '00000000001\0', 357: '00000000001\0' } }),
  'directory with a size': headerBlock({ name: 'sized', type: '5', size: 4096 }),
  latin1: member({ name: 'caf\u00e9' }, 'l'),
}

/** A layer with what a sidecar keeps in different ways. */
export const SPLIT_LAYER = tarOf(
  member({ name: 'd/', type: '5' }),
  member({ name: 'd/a' }, 'content of a'),
  member({ name: 'd/empty' }),
  member({ name: 'd/hard', type: '1', link: 'd/a' }),
  member({ name: 'd/.wh.gone' }),
  gnuLong('L', `d/${'long'.repeat(40)}`),
  member({ name: 'd/cut', magic: 'gnu' }, 'x'.repeat(600)),
  member({ name: 'raw-\xff\xfe' }, 'latin'),
)
