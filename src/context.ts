/** Bounds on what a hostile archive may make us do; every one has an option that raises it. */
export interface Limits {
  /** Bytes of one JSON document, and sixteen times as many as it may have values (`--limit-json`). */
  readonly json: number
  /** Bytes of one PAX or GNU meta entry, as Go's archive/tar bounds it (`--limit-pax`). */
  readonly pax: number
  /** Entries of one tar, and a thousand times as many as one image may have layers in a comparison (`--limit-entries`). */
  readonly entries: number
  /** Uncompressed bytes for each compressed byte, counted once 64 MiB came out (`--limit-ratio`). */
  readonly ratio: number
  /** Components of one path (`--limit-depth`). */
  readonly depth: number
}

/** The limits that hold unless an option raises them. */
export const DEFAULT_LIMITS: Limits = {
  json: 4 * 1024 * 1024,
  pax: 1024 * 1024,
  entries: 2_000_000,
  ratio: 1000,
  depth: 1024,
}

/** One step of a long task. */
export interface ProgressEvent {
  readonly task: string
  readonly subject: string
  readonly done: number
  readonly total?: number
  /** One of what is counted, as `layer`; bytes where nothing is said. */
  readonly unit?: string
}

/** Where the ids of containers lie among those of a host. */
export interface IdMap {
  /** What 0 is on the host. */
  readonly root: number
  /** What 1 is on the host; the others follow. */
  readonly first: number
  /** Where only the size of blocks is known that ids were handed out in: which of them is the daemon's shows in the ids. */
  readonly block?: number
}

/** The ids of a daemon that runs containers in a user namespace (dockerd --userns-remap, or rootless). */
export interface UserNamespace {
  readonly uid: IdMap
  readonly gid: IdMap
}

/** What every operation takes instead of looking at the process: limits, cores, cancellation, progress, time. */
export interface RunContext {
  readonly limits: Limits
  /** Threads that may work at once, this one included. */
  readonly concurrency: number
  readonly signal?: AbortSignal
  /** Whether every construct that tar readers read differently is told, also those that docker reads as it should. */
  readonly strictTar?: boolean
  /** Where the ids of containers lie in a data-root; found out where nothing is said. */
  readonly userNamespace?: UserNamespace
  onProgress?(event: ProgressEvent): void
}

/** A context with the given parts; the rest is the default: one thread, no signal, no progress. */
export function runContext(parts: Partial<RunContext> = {}): RunContext {
  return { limits: DEFAULT_LIMITS, concurrency: 1, ...parts }
}
