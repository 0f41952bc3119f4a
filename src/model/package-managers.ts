/** Who installs packages, as reports and `--manager` name them. */
export const MANAGERS = ['dpkg', 'apk', 'rpm', 'python', 'npm'] as const

/** One of them. */
export type Manager = (typeof MANAGERS)[number]
