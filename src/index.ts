/**
 * imgtar as a library: open an archive of any format, walk its images, layers and entries, and prove it. Nothing here
 * reads the process, prints, or exits; limits, threads, cancellation and progress come in through a RunContext.
 */
export { runContext, DEFAULT_LIMITS } from './context.js'
export type { Limits, ProgressEvent, RunContext } from './context.js'
export { ArchiveError, ERROR_CODES } from './errors.js'
export type { ErrorCode } from './errors.js'
export { FINDINGS, severityOf } from './findings.js'
export type { Finding, FindingCode, FindingPlace, FindingRule, Severity } from './findings.js'

export type { Compression } from './bytes/compression.js'
export type { ChainID, DiffID, Digest } from './bytes/digest.js'
export type { ByteSource, Span } from './bytes/source.js'

export type { SparseRegion, TarEntry, TarEntryType } from './tar/entry.js'
export type { Measurement, Notice, TarSummary } from './tar/measurement.js'
export { tarEntries } from './tar/scan.js'

export { chainID, chainIDs } from './model/chain-id.js'
export type { ContainerConfig, HistoryEntry, ImageConfig } from './model/config.js'
export type { ConfigSource, Image, ImageArchive, Layer, LayerClaims, LayerState, LooseBlob } from './model/image.js'
export type { RawJson } from './model/json.js'
export type { ImageManifest } from './model/manifest.js'
export { formatPlatform, parsePlatform } from './model/platform.js'
export type { Platform } from './model/platform.js'
export { familiarName, parseReference } from './model/reference.js'
export type { Reference } from './model/reference.js'
export { selectImage, selectImages } from './model/select.js'
export type { Selection } from './model/select.js'

export { entriesOf } from './tree/layer-entries.js'

export { openArchive } from './formats/index.js'
export type { OpenOptions } from './formats/index.js'
export { parseOperand } from './formats/operand.js'
export type { ImageChoice, Operand, Transport } from './formats/operand.js'

export { identify } from './ops/identity.js'
export type { Identity } from './ops/identity.js'
export { measure } from './ops/measure.js'
export type { Measurements } from './ops/measure.js'
export { verify } from './ops/verify.js'
export type { Verified } from './ops/verify.js'
